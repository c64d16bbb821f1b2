/** What differs by design, each with the sentence of the documents that says so to whoever meets it. */

export interface ByDesign {
  /** Of the ids of pytest. */
  readonly tests: RegExp
  readonly endpoint: 'direct' | 'pooled'
  /** In `docs/`. */
  readonly document: string
  /** As it stands there, line breaks aside. */
  readonly sentence: string
}

export const BY_DESIGN: readonly ByDesign[] = [
  {
    // psycopg takes it for a process id of the operating system, up to 65,535.
    tests: /::test_\w*backend_pid\b/,
    endpoint: 'pooled',
    document: 'clients.md',
    sentence: 'At the pooled endpoint that id belongs to the gateway and to no backend',
  },
]
