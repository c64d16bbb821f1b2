/**
 * What one logical session may have left outside transactions: settings that follow it to its next backend, and whether
 * the present backend must be asked for more (docs/decisions/0011). Pure: other code asks the backend.
 */
import { customNamesAmong, type TextTraits } from './text-traits.ts'

/** A session that names this many or more keeps its backend. */
const MOST_CUSTOM_NAMES = 100

/**
 * Tags of commands that leave nothing by themselves. A SELECT may call any function, so its text is judged for that.
 */
const LEAVES_NOTHING: ReadonlySet<string> = new Set([
  ...[
    'SELECT',
    'INSERT',
    'UPDATE',
    'DELETE',
    'MERGE',
    'SHOW',
    'EXPLAIN',
    'COPY',
    'FETCH',
    'MOVE',
    'TRUNCATE TABLE',
  ],
  ...[
    'BEGIN',
    'START TRANSACTION',
    'COMMIT',
    'ROLLBACK',
    'SAVEPOINT',
    'RELEASE',
    'SET CONSTRAINTS',
    'LOCK TABLE',
  ],
  ...[
    'PREPARE TRANSACTION',
    'COMMIT PREPARED',
    'ROLLBACK PREPARED',
    'NOTIFY',
    'ANALYZE',
    'VACUUM',
    'CHECKPOINT',
  ],
])
const SETS: ReadonlySet<string> = new Set(['SET', 'RESET'])

/** The tag without the counts at its end ("CommandComplete"). */
function commandOf(tag: string): string {
  let end = tag.length
  while (end > 0 && isCount(tag.charCodeAt(end - 1))) end -= 1
  return end === tag.length ? tag : tag.slice(0, end)
}

/** A digit, or the space before one. */
const isCount = (code: number): boolean => code === 0x20 || (code >= 0x30 && code <= 0x39)

export class Leftovers {
  /** Settings that differ from those its backends are opened with, as of the last time they were read. */
  settings: ReadonlyMap<string, string> = new Map()
  readonly #customNames = new Set<string>()
  #isSuspected = false
  #hasLoadedLibrary = false

  /** Whether the session may have left something since the backend was last asked. */
  get isSuspected(): boolean {
    return this.#isSuspected
  }

  get customNames(): readonly string[] {
    return [...this.#customNames]
  }

  /** What the session has left that the question to the backend cannot find. */
  get unseen(): readonly string[] {
    return [
      ...(this.#hasLoadedLibrary ? ['libraries loaded by LOAD'] : []),
      ...(this.#customNames.size >= MOST_CUSTOM_NAMES
        ? [`more than ${String(MOST_CUSTOM_NAMES)} custom settings`]
        : []),
    ]
  }

  suspect(): void {
    this.#isSuspected = true
  }

  /** The backend was asked, and its answer is stored. */
  settled(): void {
    this.#isSuspected = false
  }

  /** A statement text was sent, to be prepared or to be run. */
  sent({ customSettings }: TextTraits): void {
    this.#remember(customSettings)
  }

  /** A statement with this text is run. */
  runs(
    { mayLeave, settingsByParameter }: TextTraits,
    parameters?: () => readonly (string | undefined)[],
  ): void {
    if (mayLeave) this.#isSuspected = true
    if (parameters === undefined || settingsByParameter.length === 0) return
    const names = parameters().filter(
      (_, at) => settingsByParameter === 'any' || settingsByParameter.includes(at + 1),
    )
    this.#remember(customNamesAmong(names.filter((name) => name !== undefined)))
  }

  /** @param setsLocally whether every SET in the statement is known to end with its transaction */
  completed(tag: string, setsLocally: boolean): void {
    const command = commandOf(tag)
    if (LEAVES_NOTHING.has(command) || (setsLocally && SETS.has(command))) return
    if (command === 'LOAD') this.#hasLoadedLibrary = true
    this.#isSuspected = true
  }

  #remember(names: readonly string[]): void {
    for (const name of names) if (this.#customNames.size < MOST_CUSTOM_NAMES) this.#customNames.add(name)
  }
}
