/** Errors that PostgreSQL reported on an administrative connection, by SQLSTATE (PostgreSQL: Appendix A). */

const hasCode = (
  error: unknown,
  ...codes: readonly string[]
): error is Error & { readonly detail?: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)

/** True for an error reported by the server; false for a lost connection or a bug of ours. */
export const isSaidByServer = (error: unknown): boolean => error instanceof Error && 'severity' in error

/** insufficient_privilege */
export const isDenied = (error: unknown): error is Error => hasCode(error, '42501')
/** lock_not_available, query_canceled: on these connections nothing cancels but the timeouts of our own session. */
export const isBusy = (error: unknown): error is Error => hasCode(error, '55P03', '57014')
/** dependent_objects_still_exist: DETAIL names the objects. */
export const isDependency = (error: unknown): error is Error & { readonly detail?: string } =>
  hasCode(error, '2BP01')
/** object_in_use */
export const isInUse = (error: unknown): error is Error & { readonly detail?: string } =>
  hasCode(error, '55006')
/** duplicate_database */
export const isDuplicateDatabase = (error: unknown): boolean => hasCode(error, '42P04')
/** invalid_catalog_name: the database does not exist, or does not accept connections any more. */
export const isNoDatabase = (error: unknown): boolean => hasCode(error, '3D000')

/**
 * The error as one sentence for a person. Others may have chosen the names in it, so control characters are removed
 * before it reaches a terminal.
 */
export function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  return `${text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').replace(/\.?\s*$/, '')}.`
}
