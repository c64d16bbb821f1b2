/** Time is an argument: only `composition` reads the system clock (docs/architecture.md). */
export type Clock = () => Date
