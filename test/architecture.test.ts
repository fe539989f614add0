import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import test from "ava";

/** The tree's own rules, read from the sources (style: "The tree and its rules"). */
interface Source {
  path: string;
  text: string;
  imports: string[];
}

const sources = ["core", "hub", "bot"].flatMap((folder) => readSources(folder));

function readSources(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith(".ts") && statSync(path).isFile())
    .map((path) => {
      const text = readFileSync(path, "utf8");
      const imports = [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, target]) =>
        normalize(join(dirname(path), target ?? "")),
      );
      return { path, text, imports };
    });
}

function importsFrom(folder: string, forbidden: string[]): string[] {
  return sources
    .filter(({ path }) => path.startsWith(`${folder}/`))
    .flatMap(({ path, imports }) =>
      imports
        .filter((target) => forbidden.some((name) => target.startsWith(`${name}/`)))
        .map((target) => `${path} imports ${target}`),
    );
}

test("core stands alone and the hub knows no bot", (t) => {
  t.deepEqual(importsFrom("core", ["hub", "bot"]), []);
  t.deepEqual(importsFrom("hub", ["bot"]), []);
});

test("Debian's formats know nothing of the database or of modules", (t) => {
  const ours = ["core/database", "core/model", "core/modules", "core/operation", "core/events"];
  t.deepEqual(importsFrom("core/debian", ours), []);
});

test("a module never imports another module", (t) => {
  const crossing = sources
    .filter(({ path }) => path.startsWith("core/modules/") && path.split("/").length > 3)
    .flatMap(({ path, imports }) => {
      const own = path.split("/").slice(0, 3).join("/");
      return (
        imports
          .filter((target) => target.startsWith("core/modules/") && !target.startsWith(`${own}/`))
          // The contracts stand beside the modules, as files.
          .filter((target) => target.split("/").length > 3)
          .map((target) => `${path} imports ${relative(".", target)}`)
      );
    });
  t.deepEqual(crossing, []);
});

test("every module folder is in the list", (t) => {
  const list = readFileSync("core/modules/index.ts", "utf8");
  const folders = readdirSync("core/modules", { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  t.deepEqual(
    folders.filter((name) => !list.includes(`"./${name}/index.ts"`)),
    [],
  );
});

test("no file is longer than 300 lines", (t) => {
  const long = sources.filter(({ text }) => text.split("\n").length > 301).map(({ path }) => path);
  t.deepEqual(long, []);
});

test("commands are made from declarations and written by hand nowhere", (t) => {
  const makers = sources.filter(({ text }) => text.includes('from "commander"'));
  t.deepEqual(
    makers.map(({ path }) => path),
    ["core/operation/command.ts"],
  );
});

test("the process is touched only where programs begin", (t) => {
  const allowed = /^(core\/service\.ts|core\/cli\/.*|.*\/main\.ts)$/;
  const found = sources
    .filter(
      ({ path, text }) => !allowed.test(path) && /process\.(exit|env|on)\b|console\./.test(text),
    )
    .map(({ path }) => path);
  t.deepEqual(found, []);
});

test("no program is started through a shell", (t) => {
  const found = sources
    .filter(({ text }) => /\bexec(Sync)?\(|shell: true/.test(text.replaceAll(/\.exec\(/g, "")))
    .map(({ path }) => path);
  t.deepEqual(found, []);
});

test("libraries with holes stay behind one folder each", (t) => {
  const homes: Record<string, RegExp> = {
    "matrix-bot-sdk": /^hub\/channels\/matrix\//,
    nodemailer: /^hub\/channels\/email\//,
    zeromq: /^core\/(modules\/lighthouse|events)\//,
    "sodium-native": /^core\/events\//,
    "fs-native-extensions": /^core\/events\/producer\//,
    tweetnacl: /^core\/events\//,
    "node-cron": /^core\/scheduler\//,
    fastify: /^hub\/web\//,
  };
  const astray = Object.entries(homes).flatMap(([name, home]) =>
    sources
      .filter(({ path, text }) => text.includes(`from "${name}"`) && !home.test(path))
      .map(({ path }) => `${name} in ${path}`),
  );
  t.deepEqual(astray, []);
});
