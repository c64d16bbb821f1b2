/** Create. */
export function CreatePage() {
  return null
}
