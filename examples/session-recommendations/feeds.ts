// The outside producer's traffic: a seeded shop, or a file.
import type { FeedOf } from "../running/feed.ts";
import { FileFeed } from "./file-feed.ts";
import { LiveFeed } from "./live-feed.ts";

export const feedOf: FeedOf = (source) => (source.kind === "live" ? new LiveFeed(source) : new FileFeed(source.path));
