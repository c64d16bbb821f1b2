/** What PostgreSQL said on an administrative connection, told apart by SQLSTATE (PostgreSQL: Appendix A). */

const hasCode = (
  error: unknown,
  ...codes: readonly string[]
): error is Error & { readonly detail?: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)

/** Not a lost connection, nor a mistake of ours. */
export const isSaidByServer = (error: unknown): boolean => error instanceof Error && 'severity' in error

/** insufficient_privilege */
export const isDenied = (error: unknown): error is Error => hasCode(error, '42501')
/** lock_not_available, query_canceled: here nothing else cancels than the timeouts of our own session. */
export const isBusy = (error: unknown): error is Error => hasCode(error, '55P03', '57014')
/** dependent_objects_still_exist: DETAIL says which ones. */
export const isDependency = (error: unknown): error is Error & { readonly detail?: string } =>
  hasCode(error, '2BP01')
/** object_in_use */
export const isInUse = (error: unknown): error is Error & { readonly detail?: string } =>
  hasCode(error, '55006')
/** duplicate_database */
export const isDuplicateDatabase = (error: unknown): boolean => hasCode(error, '42P04')
/** invalid_catalog_name: there is no such database, or it cannot be connected to any more. */
export const isNoDatabase = (error: unknown): boolean => hasCode(error, '3D000')

/**
 * One sentence for a person. Names in it may be a stranger's choice: no control character of theirs reaches a terminal.
 */
export function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  return `${text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').replace(/\.?\s*$/, '')}.`
}
