// Builds the page: node build.js FOLDER. The same source and lock give the same bytes; porlake ships them (plugins/porlake/page).
import { build } from "esbuild";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) throw new Error("node build.js FOLDER");

const options = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  format: /** @type {const} */ ("esm"),
  target: "es2022",
  charset: /** @type {const} */ ("utf8"),
  legalComments: /** @type {const} */ ("none"),
  metafile: true,
  write: true,
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
// charts.js is not needed for the first tables, so it is a file of its own.
const results = [
  await build({ ...options, entryPoints: ["src/main.js"], outfile: join(out, "main.js"), external: ["./charts.js"] }),
  await build({ ...options, entryPoints: ["src/charts.js"], outfile: join(out, "charts.js") }),
  await build({ ...options, entryPoints: ["src/static/style.css"], outfile: join(out, "style.css") }),
];
for (const name of ["index.html", "icon.svg"]) cpSync(join(here, "src/static", name), join(out, name));

// The licences of what was bundled, as their authors ask for it.
const packages = new Set();
for (const { metafile } of results)
  for (const input of Object.keys(metafile.inputs)) {
    const found = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.add(found[1]);
  }
const texts = [...packages].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).sort().find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
  const words = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8").trim() : license;
  return `${name} ${version} (${license})\n\n${words}\n`;
});
writeFileSync(join(out, "LICENSES.txt"), `porlake's page is under the Apache License 2.0. It holds parts of these packages:\n\n${texts.join("\n----\n\n")}`);
