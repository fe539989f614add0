import { database } from "../../core/database/connect.ts";
import type { Facts } from "./facts.ts";

/** Packages that several people care for together; members are subscriptions of kind `team`. */
export interface Team {
  /** As it is typed: `kernel`. */
  slug: string;
  name: string;
  /** Packages with one of these as Maintainer or Uploader are the team's, in lower case. */
  addresses: string[];
  packages: string[];
  createdBy: string;
}

/** All teams by their names. */
export function listTeams(): Promise<Team[]> {
  return database().query<Team>(
    `select slug, name, addresses, packages, created_by as "createdBy" from team order by slug`,
  );
}

export async function findTeam(slug: string): Promise<Team | undefined> {
  return (await listTeams()).find((team) => team.slug === slug);
}

/** Makes a team, or changes the one with this name. */
export async function saveTeam(team: Team): Promise<void> {
  await database().query(
    `insert into team (slug, name, addresses, packages, created_by) values ($1, $2, $3, $4, $5)
     on conflict (slug) do update
       set name = excluded.name, addresses = excluded.addresses, packages = excluded.packages`,
    [team.slug, team.name, team.addresses, team.packages, team.createdBy],
  );
}

/** Removes a team; who was in it hears of its packages no more. */
export async function removeTeam(slug: string): Promise<void> {
  await database().query("delete from team where slug = $1", [slug]);
}

/** Tells whose packages an event is about. */
export type TeamsOf = (facts: Facts) => readonly string[];

/** The teams, found by package and by address. */
export function teamFinder(teams: readonly Team[]): TeamsOf {
  const byPackage = index(teams, (team) => team.packages);
  const byAddress = index(teams, (team) => team.addresses);
  if (teams.length === 0) return () => [];
  return (facts) => {
    const found = new Set<string>();
    for (const field of ["package", "source"]) {
      for (const name of facts.values(field)) {
        for (const slug of byPackage.get(String(name)) ?? []) found.add(slug);
      }
    }
    if (byAddress.size > 0) {
      for (const address of facts.values("maintainer")) {
        for (const slug of byAddress.get(String(address)) ?? []) found.add(slug);
      }
    }
    return [...found];
  };
}

function index(teams: readonly Team[], keys: (team: Team) => string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const team of teams) {
    for (const key of keys(team)) found.set(key, [...(found.get(key) ?? []), team.slug]);
  }
  return found;
}
