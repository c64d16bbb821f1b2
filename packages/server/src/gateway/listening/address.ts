/** Where connections are accepted. */
export interface Address {
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
}

export interface OpenAddress extends Address {
  /** Accepts no more connections; open ones go on. */
  close(): void
}
