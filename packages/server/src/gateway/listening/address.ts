/** Where connections are taken. */
export interface Address {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

export interface OpenAddress extends Address {
  /** No more connections are taken; those that were go on. */
  close(): void
}
