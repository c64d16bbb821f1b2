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
    document: 'clients/README.md',
    sentence: 'At the pooled endpoint that id belongs to the gateway and to no backend',
  },
  {
    // One ends the session by it, one looks it up in pg_stat_activity.
    tests: /\/test_concurrency(_async)?\.py::test_(identify_closure|concurrent_close)\b/,
    endpoint: 'pooled',
    document: 'clients/README.md',
    sentence: 'At the pooled endpoint that id belongs to the gateway and to no backend',
  },
  {
    // It waits for the backend to be gone from pg_stat_activity, once its client was interrupted.
    tests: /\/test_concurrency(_async)?\.py::test_ctrl_c\b/,
    endpoint: 'pooled',
    document: 'pooled-endpoint.md',
    sentence:
      'A session borrows a backend for each transaction, and gives it back when PostgreSQL says that none is open.',
  },
]
