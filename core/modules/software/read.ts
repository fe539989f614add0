import { database } from "../../database/connect.ts";
import type { Dep11Icons, Dep11Screenshot, Localised } from "../../debian/dep11.ts";

/** A component in a suite, whatever architectures list it. */
export interface SoftwareComponent {
  repository: string;
  suite: string;
  /** Of the archive: main, contrib. */
  component: string;
  architectures: string[];
  id: string;
  globalIds: string[];
  type: string;
  package: string | null;
  name: Localised;
  summary: Localised;
  description: Localised;
  developer: string | null;
  license: string | null;
  homepage: string | null;
  categories: string[];
  icons: Dep11Icons;
  screenshots: Dep11Screenshot[];
  /** SHA-256 of the icon that is stored, which names it at `/software/icon/`. */
  icon: string | null;
}

const SELECT = `
  select distinct on (r.name, s.name, c.component, p.component_id, p.package_name)
         r.name as repository, s.name as suite, c.component,
         array(select distinct d.variant from software_component q
                 join content_index d on d.id = q.index_id
                where q.component_id = p.component_id and d.suite_id = c.suite_id
                  and d.component = c.component
                order by 1) as architectures,
         p.component_id as id,
         array(select distinct g.global_id from software_cid g
                 join content_index d on d.id = g.index_id
                where g.component_id = p.component_id and d.suite_id = c.suite_id
                order by 1) as "globalIds",
         p.type, p.package_name as package, p.name, p.summary, p.description, p.developer,
         p.license, p.homepage, p.categories, p.icons, p.screenshots,
         (select f.sha256 from software_icon f
            join content_index d on d.id = f.index_id
           where d.suite_id = c.suite_id and d.component = c.component
             and f.name in (select one ->> 'name' from jsonb_array_elements(p.icons -> 'cached') one)
           limit 1) as icon
    from software_component p
    join content_index c on c.id = p.index_id
    join suite s on s.id = c.suite_id
    join repository r on r.id = s.repository_id`;
const ORDER = `
  order by r.name, s.name, c.component, p.component_id, p.package_name, c.variant`;

/** The components with an id or of a package of that name, in all suites or in one. */
export function softwareNamed(name: string, suite?: string): Promise<SoftwareComponent[]> {
  return database().query(
    `${SELECT}
      where (p.component_id = $1 or p.package_name = $1) and ($2::text is null or s.name = $2)
      ${ORDER}`,
    [name, suite ?? null],
  );
}

/** Components that have all words somewhere in name, summary, keywords, id or package. */
export function searchSoftware(
  words: readonly string[],
  limit: number,
  suite?: string,
): Promise<SoftwareComponent[]> {
  const patterns = words.map((word) => `%${word.replace(/[\\%_]/g, "\\$&")}%`);
  return database().query(
    `${SELECT}
      where ($2::text is null or s.name = $2)
        and concat_ws(' ', p.component_id, p.package_name, p.name, p.summary, p.keywords)
            ilike all ($1)
      ${ORDER} limit $3`,
    [patterns, suite ?? null, limit],
  );
}

/** An icon by the SHA-256 of its content; undefined when no suite has it. */
export async function iconOf(sha256: string): Promise<Buffer | undefined> {
  const [row] = await database().query<{ content: Buffer }>(
    "select content from software_icon where sha256 = $1 limit 1",
    [sha256],
  );
  return row?.content;
}
