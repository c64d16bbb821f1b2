/**
 * Which extensions the owner of a database may create in a local instance. PostgreSQL runs the script of a trusted
 * extension as the superuser of the cluster, in a database whose owner may have prepared an attack on it, and the
 * functions then belong to the superuser. So each extension was reviewed, and the findings are given with it
 * (docs/extensions.md is rendered from these tables).
 */

export interface AllowedExtension {
  /** A name, or a prefix of names followed by `*`. */
  readonly name: string
  readonly what: string
  /**
   * What a reviewer should know; left out where PostgreSQL itself marks the extension as trusted and there is nothing
   * to add.
   */
  readonly remark?: string
  /** Whether the PostgreSQL that npm installs contains it; otherwise only other installations do. */
  readonly inPackage: boolean
}

const postgis = (name: string, what: string, remark?: string): AllowedExtension => ({
  name,
  what,
  inPackage: false,
  ...(remark === undefined ? {} : { remark }),
})
const contrib = (name: string, what: string, remark?: string): AllowedExtension => ({
  name,
  what,
  inPackage: true,
  ...(remark === undefined ? {} : { remark }),
})

/** The extensions that `default` stands for in the setting `extensions`. */
export const DEFAULT_EXTENSIONS: readonly AllowedExtension[] = [
  {
    name: 'vector',
    what: 'vectors and the search for the nearest (pgvector)',
    remark: 'Its scripts only define types, functions, operators and index methods.',
    inPackage: false,
  },
  postgis(
    'postgis',
    'geometry and geography',
    'Its scripts are long and were not read here; take a current version.',
  ),
  postgis(
    'postgis_raster',
    'raster data',
    'Files and addresses are read only where a superuser sets postgis.gdal_enabled_drivers and postgis.enable_outdb_rasters.',
  ),
  postgis('postgis_sfcgal', 'geometry in three dimensions'),
  postgis('address_standardizer', 'parts of postal addresses'),
  postgis('address_standardizer_data_us', 'the rules for addresses of the USA'),
  contrib('autoinc', 'a trigger that fills a column from a sequence'),
  contrib('bloom', 'an index method of Bloom filters', 'New operator classes for it take a superuser.'),
  contrib('btree_gin', 'GIN operator classes of ordinary types'),
  contrib('btree_gist', 'GiST operator classes of ordinary types'),
  contrib('citext', 'text without regard to case'),
  contrib('cube', 'cubes of many dimensions'),
  contrib('dict_int', 'a text search dictionary for numbers'),
  contrib(
    'dict_xsyn',
    'a text search dictionary for synonyms',
    'Reads rules only from the folder tsearch_data of the installation, as unaccent does.',
  ),
  contrib(
    'earthdistance',
    'distances on the earth',
    'Calls the functions of cube: install it into a schema in which only you create. Its script calls none.',
  ),
  contrib('fuzzystrmatch', 'how alike words sound and look'),
  contrib('hstore', 'keys and values in one column'),
  contrib('insert_username', 'a trigger that writes who changed a row'),
  contrib('intarray', 'operators and indexes for arrays of integers'),
  contrib('isn', 'ISBN, ISSN, EAN and their kind'),
  contrib(
    'lo',
    'large objects that end with their row',
    'lo_manage removes a large object with the rights of whoever changes the row.',
  ),
  contrib('ltree', 'labels in a tree'),
  contrib('moddatetime', 'a trigger that writes when a row was changed'),
  contrib(
    'pg_buffercache',
    'what is in the shared buffers',
    'For members of pg_monitor; the functions that evict buffers work for superusers only.',
  ),
  contrib(
    'pg_prewarm',
    'loads a table into memory',
    'Loads what the caller may read. autoprewarm_start_worker and autoprewarm_dump_now, which PostgreSQL gives to everybody, are taken away.',
  ),
  contrib(
    'pg_stat_statements',
    'which statements take how long',
    'Loaded from the start. Statements of others are shown to members of pg_read_all_stats only, commands such as ALTER ROLE are not recorded, and databricks_superuser may reset it.',
  ),
  contrib('pg_trgm', 'how alike texts are, with indexes'),
  contrib('pgcrypto', 'hashes and encryption'),
  contrib('pgrowlocks', 'who locks which rows', 'Needs SELECT on the table, or pg_stat_scan_tables.'),
  contrib('seg', 'intervals of numbers'),
  contrib('tablefunc', 'crosstabs and trees of rows'),
  contrib('tcn', 'a trigger that notifies of changes'),
  contrib('tsm_system_rows', 'samples of a number of rows'),
  contrib('tsm_system_time', 'samples that take a given time'),
  contrib('unaccent', 'a text search dictionary that drops accents'),
  contrib('uuid-ossp', 'UUIDs of every version'),
  contrib(
    'xml2',
    'XPath and XSLT',
    'PostgreSQL loads no entities, and its XSLT may read and write neither files nor addresses.',
  ),
]

/** Never allowed by the list alone; an operator who wants one of these must name it in a separate setting. */
export const DANGEROUS_EXTENSIONS: Readonly<Record<string, string>> = {
  adminpack: 'reads and writes files of the server',
  dblink: 'opens connections from the server, also to its own socket',
  file_fdw: 'reads files and runs programs on the server',
  pageinspect: 'shows pages of every table, whoever may read it',
  pg_cron: 'runs statements later, as other roles, over connections of its own',
  pg_logicalinspect: 'reads files of the server',
  pg_surgery: 'destroys rows past every check',
  pg_walinspect: 'shows what was written in every database of the cluster',
  postgis_tiger_geocoder: 'takes the search path of the database while its script runs as the superuser',
  postgis_topology:
    'calls a function that its owner may have prepared while its script runs as the superuser',
  postgres_fdw: 'opens connections from the server, also to its own socket',
  sslinfo: 'shows the encryption of a connection that is the gateway’s here',
}

const NEVER_OURS: readonly string[] = ['databricks_auth', 'plpgsql']
const LONGEST_LIST = 1000
/** PostgreSQL allows no `--` and no path in the name of an extension (check_valid_extension_name). */
const NAME = /^[a-z0-9_]+(-[a-z0-9_]+)*$/
const BEGINNING = /^([a-z0-9_]+-)*[a-z0-9_]*\*$/

export interface ExtensionRules {
  /** Names and patterns that owners of databases may create. */
  readonly allowed: readonly string[]
  /** Names of dangerous extensions that are allowed anyway. */
  readonly dangerous: readonly string[]
}

/** What is wrong with one of the two settings, as one sentence. */
export interface BadExtensionSetting {
  readonly setting: 'extensions' | 'dangerous-extensions'
  readonly problem: string
}

const split = (list: string): readonly string[] =>
  list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

/** @param extensions `default`, names, and patterns that end in `*`, separated by commas */
export function readExtensionRules(
  extensions: string,
  dangerousExtensions: string,
): ExtensionRules | BadExtensionSetting {
  const entries = split(extensions)
  const dangerous = split(dangerousExtensions)
  if (entries.length > LONGEST_LIST || dangerous.length > LONGEST_LIST)
    return { setting: 'extensions', problem: `it has more than ${String(LONGEST_LIST)} names` }
  for (const entry of entries) {
    if (!NAME.test(entry) && !BEGINNING.test(entry))
      return { setting: 'extensions', problem: `${JSON.stringify(entry)} is not the name of an extension` }
    const reason = reasonByName(entry)
    if (reason !== undefined) return dangerousInList(entry, reason)
  }
  const bad = dangerous.find((entry) => !NAME.test(entry))
  if (bad !== undefined)
    return {
      setting: 'dangerous-extensions',
      problem: `${JSON.stringify(bad)} is not the name of an extension; patterns are not possible here`,
    }
  return {
    allowed: entries.flatMap((entry) =>
      entry === 'default' ? DEFAULT_EXTENSIONS.map(({ name }) => name) : [entry],
    ),
    dangerous,
  }
}

const dangerousInList = (name: string, reason: string): BadExtensionSetting => ({
  setting: 'extensions',
  problem: `${name} ${reason}`,
})

function reasonByName(name: string): string | undefined {
  return Object.hasOwn(DANGEROUS_EXTENSIONS, name) ? DANGEROUS_EXTENSIONS[name] : undefined
}

/** Judges an extension by its scripts: one that can reach outside the database is dangerous under any name. */
function reasonByScript(script: string): string | undefined {
  const text = script.replaceAll(/--[^\n]*/g, '')
  if (/\bcreate\s+foreign\s+data\s+wrapper\b/i.test(text)) return 'brings a foreign data wrapper'
  if (/\bcreate\s+(or\s+replace\s+)?(procedural\s+)?language\b/i.test(text))
    return 'brings an untrusted language, in which functions do what the server may'
  return undefined
}

export type ExtensionVerdict =
  | 'not_ours'
  | 'trusted'
  | 'untrusted'
  /** Dangerous, but named explicitly in the list of allowed ones: reported, because the operator may not know. */
  | BadExtensionSetting

/** Decides about one extension that is installed with the binaries. Pure. */
export function decideExtension(
  name: string,
  scripts: readonly string[],
  { allowed, dangerous }: ExtensionRules,
): ExtensionVerdict {
  if (NEVER_OURS.includes(name)) return 'not_ours'
  if (dangerous.includes(name)) return 'trusted'
  const byScript = scripts.map(reasonByScript).find((reason) => reason !== undefined)
  if (byScript !== undefined && allowed.includes(name)) return dangerousInList(name, byScript)
  if (byScript !== undefined || reasonByName(name) !== undefined) return 'untrusted'
  return allowed.some((pattern) => matches(pattern, name)) ? 'trusted' : 'untrusted'
}

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
