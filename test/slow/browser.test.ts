import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { botModule } from "../../bot/module.ts";
import { createBot } from "../../bot/main.ts";
import { database, inTransaction } from "../../core/database/connect.ts";
import { createDemoArchive, publishDemoChange } from "../../core/demo/demo.ts";
import { emitEvent } from "../../core/events/emit.ts";
import { setUpEvents } from "../../core/events/setup.ts";
import { coreModules } from "../../core/modules/index.ts";
import { ask } from "../../core/operation/ask.ts";
import type { Environment } from "../../core/operation/declare.ts";
import { notify } from "../../core/operation/queue.ts";
import { createRunner } from "../../core/operation/runner.ts";
import type { Service } from "../../core/service.ts";
import { createHub } from "../../hub/main.ts";
import { hubModule } from "../../hub/module.ts";
import { createWeb, type WebService } from "../../hub/web/index.ts";
import { axeFaults, chromiumPath, launchChromium } from "../support/browser.ts";
import { testDatabase } from "../support/database.ts";
import { ADMIN, testEnvironment } from "../support/environment.ts";

const executable = chromiumPath();
const browserTest = executable === undefined ? test.skip : test.serial;

let browser: Browser;
let web: WebService;
let environment: Environment;
let archive: string;
let services: Service[] = [];
/** A folder to leave screenshots in, for whoever wants to look. */
const pictures = process.env["LK_PICTURES"];

test("the browser of these tests is named, or what is missing", (t) => {
  t.log(executable ?? "skipped: there is no Chromium here; apt-get install chromium");
  t.pass();
});

test.before(async () => {
  if (executable === undefined) return;
  await testDatabase();
  environment = testEnvironment([...coreModules, hubModule, botModule]);
  setUpEvents(environment);
  web = createWeb({ ...environment, listen: "127.0.0.1:0", demo: true });
  const hub = createHub(environment);
  services = [...hub.services, createBot(environment), createRunner(environment), web];
  for (const service of services) await service.start();
  archive = await describeDemo();
  browser = await launchChromium(executable);
});

test.after.always(async () => {
  await browser?.close();
  for (const service of services.toReversed()) await service.stop();
  if (services.length > 0) await database().close();
});

/** A demo archive, described to the database as an operator would, and imported. */
async function describeDemo(): Promise<string> {
  const directory = join(environment.settings.dataDirectory, "demo");
  const { distro } = await createDemoArchive(directory);
  const file = join(directory, "distro.toml");
  const [repository] = distro.repository;
  const [suite] = repository?.suite ?? [];
  const text = [
    "[[repository]]",
    ...entries(repository, ["name", "url", "keyring"]),
    "[[repository.suite]]",
    ...entries(suite, ["name", "components", "architectures"]),
  ].join("\n");
  writeFileSync(file, text);
  await ask(environment, { operation: "distro apply", parameters: { file }, caller: ADMIN });
  return directory;
}

function entries(table: object | undefined, names: string[]): string[] {
  return names.map(
    (name) => `${name} = ${JSON.stringify((table as Record<string, unknown>)[name])}`,
  );
}

async function open(
  path: string,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<{ page: Page; context: BrowserContext; faults: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  // Also what the page's policy blocked.
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(web.address() + path);
  return { page, context, faults };
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

browserTest("a command typed on the page gets the bot's answer there", async (t) => {
  const { page, context, faults } = await open("/");
  const room = page.getByRole("log");
  await page.getByLabel("A command for the bot").fill("import demo");
  await page.keyboard.press("Enter");
  await room.getByText("import demo", { exact: true }).first().waitFor();
  await room.getByText("is imported").waitFor();
  t.is(await page.getByLabel("A command for the bot").inputValue(), "");
  await page.getByRole("button", { name: "why mini" }).click();
  await room.getByText("a source package in demo").waitFor();
  await page.getByRole("region", { name: "Suites" }).getByText("up to date").waitFor();
  t.deepEqual(faults, []);
  await context.close();
});

browserTest("an event appears on an open page, and nothing else moves", async (t) => {
  const { page, context } = await open("/");
  await page.getByText("Live", { exact: true }).waitFor();
  const field = page.getByLabel("A command for the bot");
  await field.fill("half a word");
  await inTransaction(() =>
    emitEvent("_lk.archive.package-src-removed", {
      pkg_name: "<b>gone</b>",
      pkg_version: "1.0-1",
      repo: "demo",
    }),
  );
  const row = page.getByRole("region", { name: "Events" }).getByText("<b>gone</b>");
  await row.waitFor();
  t.is(await field.inputValue(), "half a word");
  t.true(await field.evaluate((element) => element.matches(":focus")));
  await context.close();
});

browserTest("a change of the archive is seen where it happens", async (t) => {
  await publishDemoChange(archive);
  const { page, context } = await open("/");
  await page.getByRole("button", { name: "import demo" }).click();
  const events = page.getByRole("region", { name: "Events" });
  await events.getByText("was updated in").waitFor();
  t.pass();
  await context.close();
});

browserTest("progress moves, and the button that stops it keeps the focus", async (t) => {
  const [{ id } = { id: "" }] = await database().query<{ id: string }>(
    `insert into operation (name, parameters, caller, caller_role, origin, state, started_at)
     values ('sync', '{"suites": ["unstable"]}', '@anna:example.org', 'operator', 'chat',
             'running', now()) returning id`,
  );
  const { page, context } = await open("/");
  const region = page.getByRole("region", { name: "Operations" });
  const bar = region.getByRole("progressbar");
  const button = region.getByRole("button", { name: /Cancel sync/ });
  await button.focus();
  for (const done of [30, 64]) {
    await database().query("update operation set progress = $2 where id = $1", [
      id,
      JSON.stringify({ step: "Reading Packages", done, total: 100, unit: "packages" }),
    ]);
    await notify(id);
    await region.locator(`progress[value="${done}"]`).waitFor();
  }
  t.is(await bar.getAttribute("value"), "64");
  t.true(await button.evaluate((element) => element.matches(":focus")));
  await context.close();
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 400]) {
    browserTest(
      `all pages are without fault for everybody, ${colorScheme}, ${width} wide`,
      async (t) => {
        const [event] = await database().query<{ uuid: string }>(
          "select uuid from event order by id desc limit 1",
        );
        const paths = {
          dashboard: "/",
          events: "/events",
          event: `/events/${event?.uuid}`,
          operations: "/operations",
          operation: "/operations/1",
          suite: "/suites/demo",
          packages: "/packages?name=mini",
          source: "/package/src/demo/mini",
          binary: "/package/bin/demo/mini",
          mails: "/mail",
          missing: "/no-such-page",
        };
        const viewport = { width, height: 900 };
        for (const [name, path] of Object.entries(paths)) {
          const { page, context } = await open(path, { colorScheme, viewport });
          t.deepEqual(await axeFaults(page), [], path);
          const overflow = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth",
          );
          t.is(overflow, 0, `${path} is wider than the window`);
          await picture(page, `${name}-${colorScheme}-${width}`);
          await context.close();
        }
      },
    );
  }
}

browserTest("everything can be read and the room can be used without a script", async (t) => {
  const { page, context } = await open("/", { javaScriptEnabled: false });
  t.true(await page.getByRole("region", { name: "Suites" }).getByText("up to date").isVisible());
  await page.getByLabel("A command for the bot").fill("status");
  await page.getByRole("button", { name: "Send" }).click();
  t.is(new URL(page.url()).pathname, "/");
  t.true(await page.getByRole("log").getByText("status", { exact: true }).first().isVisible());
  t.false(await page.getByText("Live", { exact: true }).isVisible());
  await context.close();
});

browserTest(
  "a page nobody looks at holds no connection, and catches up when it is seen",
  async (t) => {
    const { page, context } = await open("/");
    await page.getByText("Live", { exact: true }).waitFor();
    const ended = page.waitForEvent("requestfailed", (request) => request.url().includes("/live?"));
    await pretendHidden(page, true);
    await ended;
    await inTransaction(() =>
      emitEvent("_lk.archive.package-src-removed", {
        pkg_name: "unseen",
        pkg_version: "1",
        repo: "demo",
      }),
    );
    await pretendHidden(page, false);
    await page.getByRole("region", { name: "Events" }).getByText("unseen").waitFor();
    t.pass();
    await context.close();
  },
);

async function pretendHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate(
    `Object.defineProperty(document, "hidden", { configurable: true, value: ${hidden} });
     document.dispatchEvent(new Event("visibilitychange"));`,
  );
}

browserTest("the page is used with the keyboard alone", async (t) => {
  const { page, context } = await open("/");
  await page.keyboard.press("Tab");
  t.is(await focusedText(page), "Skip to content");
  await page.keyboard.press("Enter");
  t.is(await page.evaluate("document.activeElement.id"), "main");
  const reached = new Set<string>();
  for (let count = 0; count < 40; count++) {
    await page.keyboard.press("Tab");
    reached.add(String(await page.evaluate("document.activeElement.id")));
  }
  for (const id of ["room-log", "room-text"]) t.true(reached.has(id), id);
  await context.close();
});

function focusedText(page: Page): Promise<unknown> {
  return page.evaluate("document.activeElement.textContent.trim()");
}

browserTest("a page that lost the server says so, and goes on when it is back", async (t) => {
  const { page, context } = await open("/");
  await page.getByText("Live", { exact: true }).waitFor();
  await context.setOffline(true);
  const address = web.address();
  await web.stop();
  await page.getByText("Reconnecting…").waitFor();
  const again = createWeb({ ...environment, listen: address.replace("http://", ""), demo: true });
  await again.start();
  services.splice(services.indexOf(web), 1, again);
  web = again;
  await inTransaction(() =>
    emitEvent("_lk.archive.package-src-removed", {
      pkg_name: "meanwhile",
      pkg_version: "1",
      repo: "demo",
    }),
  );
  await context.setOffline(false);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByRole("region", { name: "Events" }).getByText("meanwhile").waitFor();
  t.pass();
  await context.close();
});
