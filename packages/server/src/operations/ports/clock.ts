/** Time is an argument: only `composition` asks the system what time it is (docs/architecture.md). */
export type Clock = () => Date
