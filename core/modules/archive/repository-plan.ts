import { isDeepStrictEqual } from "node:util";
import {
  Architecture,
  Component,
  Repository,
  Suite,
  SuiteArchitecture,
  SuiteComponent,
} from "../../model/archive-suite.ts";
import { deleteSuite } from "../../model/archive-removal.ts";
import type { Difference } from "../../difference.ts";
import { declareSection, type DistroContext, type DistroPlan } from "../distro-section.ts";
import { shownUrl } from "./fetch-address.ts";
import {
  RepositorySection,
  type WantedRepository,
  wantedRepositories,
  type WantedSuiteRow,
} from "./repository-section.ts";
import { configuredSuites } from "./suites.ts";

/**
 * Repositories and their suites. A repository that the file names becomes exactly as the file
 * says, suites that it no longer has are deleted with their packages; repositories that it does
 * not name stay, unless asked to prune.
 */
export const repositorySection = declareSection({
  name: "repository",
  schema: RepositorySection,
  plan: (section, context) => planRepositories(section, context),
  export: exportRepositories,
});

/** A difference and how to make it true. */
interface Step extends Difference {
  apply(): Promise<unknown>;
}

async function planRepositories(
  section: RepositorySection,
  { folder, prune }: DistroContext,
): Promise<DistroPlan> {
  const wanted = wantedRepositories(section, folder);
  const present = await presentRepositories();
  const steps: Step[] = [];
  for (const one of wanted) {
    steps.push(
      ...repositorySteps(
        one,
        present.find((other) => other.name === one.name),
      ),
    );
  }
  if (prune) {
    const names = new Set(wanted.map((one) => one.name));
    for (const one of present.filter(({ name }) => !names.has(name))) steps.push(...removal(one));
  }
  return {
    differences: steps.map(({ sign, text }) => ({ sign, text })),
    async apply() {
      for (const step of steps) await step.apply();
    },
  };
}

/** A repository as the database has it. */
interface PresentRepository extends WantedRepository {
  id: number;
  suites: (WantedSuiteRow & { id: number })[];
}

async function presentRepositories(): Promise<PresentRepository[]> {
  const suites = await configuredSuites();
  const rows = await Repository.findAll({
    include: ["suites"],
    order: ["name", ["suites", "name", "ASC"]],
  });
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    mirrors: row.mirrors,
    keyring: row.keyring,
    suites: (row.suites ?? []).map((suite) => {
      const configured = suites.find((one) => one.id === suite.id);
      return {
        id: suite.id,
        name: suite.name,
        alias: suite.alias,
        summary: suite.summary,
        components: configured?.components ?? [],
        architectures: configured?.architectures ?? [],
        sources: suite.sources,
        udebs: suite.udebs,
        translations: suite.translations,
        dep11: suite.dep11,
        checkValidUntil: suite.checkValidUntil,
      };
    }),
  }));
}

function repositorySteps(wanted: WantedRepository, present?: PresentRepository): Step[] {
  const steps: Step[] = [];
  if (present === undefined) {
    const { name, mirrors, keyring } = wanted;
    steps.push({
      sign: "+",
      text: `repository ${name} at ${mirrors.map(shownUrl).join(", ")}, signed by ${keyring}`,
      apply: () => Repository.create({ name, mirrors, keyring }),
    });
  } else {
    for (const key of ["mirrors", "keyring"] as const) {
      if (isDeepStrictEqual(wanted[key], present[key])) continue;
      const change = `${shown(present[key])} → ${shown(wanted[key])}`;
      steps.push({
        sign: "~",
        text: `${key} of ${wanted.name}: ${change}`,
        apply: () => Repository.update({ [key]: wanted[key] }, { where: { id: present.id } }),
      });
    }
  }
  for (const suite of wanted.suites) {
    const before = present?.suites.find((one) => one.name === suite.name);
    steps.push(...suiteSteps(wanted.name, suite, before));
  }
  for (const suite of present?.suites ?? []) {
    if (wanted.suites.some((one) => one.name === suite.name)) continue;
    steps.push(suiteRemoval(wanted.name, suite));
  }
  return steps;
}

const SUITE_KEYS = [
  "alias",
  "summary",
  "components",
  "architectures",
  "sources",
  "udebs",
  "translations",
  "dep11",
  "checkValidUntil",
] as const;

function suiteSteps(
  repository: string,
  wanted: WantedSuiteRow,
  present?: WantedSuiteRow & { id: number },
): Step[] {
  const place = `${repository}:${wanted.name}`;
  if (present === undefined) {
    const parts = [...wanted.components, ...wanted.architectures];
    if (wanted.sources) parts.push("sources");
    if (wanted.udebs) parts.push("udebs");
    if (wanted.translations !== null) {
      parts.push(...wanted.translations.map((language) => `Translation-${language}`));
    }
    if (wanted.dep11) parts.push("dep11");
    if (!wanted.checkValidUntil) parts.push("whatever its age");
    return [
      {
        sign: "+",
        text: `suite ${place} with ${parts.join(", ")}`,
        apply: () => createSuite(repository, wanted),
      },
    ];
  }
  return SUITE_KEYS.filter((key) => !isDeepStrictEqual(wanted[key], present[key])).map((key) => ({
    sign: "~",
    text: `${keyName(key)} of suite ${place}: ${shown(present[key])} → ${shown(wanted[key])}`,
    apply: () => changeSuite(present.id, wanted, key),
  }));
}

/** As the key is written in the file. */
function keyName(key: (typeof SUITE_KEYS)[number]): string {
  return key === "checkValidUntil" ? "check_valid_until" : key;
}

async function createSuite(repository: string, wanted: WantedSuiteRow): Promise<void> {
  const owner = await Repository.findOne({ where: { name: repository }, rejectOnEmpty: true });
  const { components, architectures, ...columns } = wanted;
  const suite = await Suite.create({ repositoryId: owner.id, ...columns });
  await setComponents(suite.id, components);
  await setArchitectures(suite.id, architectures);
}

async function changeSuite(
  id: number,
  wanted: WantedSuiteRow,
  key: (typeof SUITE_KEYS)[number],
): Promise<void> {
  if (key === "components") await setComponents(id, wanted.components);
  else if (key === "architectures") await setArchitectures(id, wanted.architectures);
  else await Suite.update({ [key]: wanted[key] }, { where: { id } });
}

async function setComponents(suiteId: number, names: string[]): Promise<void> {
  const rows = names.map((name) => ({ name }));
  await Component.bulkCreate(rows, { ignoreDuplicates: true });
  await SuiteComponent.destroy({ where: { suiteId } });
  await SuiteComponent.bulkCreate(names.map((component) => ({ suiteId, component })));
}

async function setArchitectures(suiteId: number, names: string[]): Promise<void> {
  const rows = names.map((name) => ({ name }));
  await Architecture.bulkCreate(rows, { ignoreDuplicates: true });
  await SuiteArchitecture.destroy({ where: { suiteId } });
  await SuiteArchitecture.bulkCreate(names.map((architecture) => ({ suiteId, architecture })));
}

function suiteRemoval(repository: string, suite: { id: number; name: string }): Step {
  return {
    sign: "-",
    text: `suite ${repository}:${suite.name} with all its packages`,
    apply: () => deleteSuite(suite.id),
  };
}

function removal(repository: PresentRepository): Step[] {
  return [
    ...repository.suites.map((suite) => suiteRemoval(repository.name, suite)),
    {
      sign: "-",
      text: `repository ${repository.name}`,
      apply: () => Repository.destroy({ where: { id: repository.id } }),
    },
  ];
}

async function exportRepositories(): Promise<unknown> {
  return (await presentRepositories()).map(({ name, mirrors, keyring, suites }) => ({
    name,
    ...(mirrors.length === 1 ? { url: mirrors[0] } : { mirrors }),
    keyring,
    suite: suites.map(({ id: _id, alias, summary, translations, ...suite }) => ({
      name: suite.name,
      ...(alias === null ? {} : { alias }),
      ...(summary === null ? {} : { summary }),
      components: suite.components,
      architectures: suite.architectures,
      sources: suite.sources,
      udebs: suite.udebs,
      ...(translations === null ? {} : { translations }),
      dep11: suite.dep11,
      ...(suite.checkValidUntil ? {} : { check_valid_until: false }),
    })),
  }));
}

function shown(value: string | string[] | boolean | null): string {
  if (Array.isArray(value)) return value.map(shownUrl).join(", ") || "none";
  return value === null ? "none" : `${value}`;
}
