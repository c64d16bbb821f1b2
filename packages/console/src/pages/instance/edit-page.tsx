/** Edit of an instance. */
export function EditPage() {
  return null
}
