// node:zlib's options for a level of compression; none given: the library's own.
import { constants, type ZlibOptions, type ZstdOptions } from "node:zlib";

export function gzipOptions(level: number | undefined): ZlibOptions {
  return level === undefined ? {} : { level };
}

export function zstdOptions(level: number | undefined): ZstdOptions {
  return level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } };
}
