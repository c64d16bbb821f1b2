/** What the code of an error says, whoever carries it. PostgreSQL, "PostgreSQL Error Codes". */

/** Class 22, Data Exception: PostgreSQL does not take a value; nothing is wrong with the connection. */
export const isDataException = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^22[0-9A-Z]{3}$/.test(error.code)
