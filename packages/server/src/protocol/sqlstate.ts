/** Meaning of an error's SQLSTATE, whatever the error class. PostgreSQL, "PostgreSQL Error Codes". */

/** Class 22, Data Exception: PostgreSQL rejects a value; nothing is wrong with the connection. */
export const isDataException = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^22[0-9A-Z]{3}$/.test(error.code)
