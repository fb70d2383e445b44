// Where thread-main is: a .ts file in the repository, a .js file in the package.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

export const threadMainAddress = new URL(`./thread-main.${extension}`, import.meta.url);
