/** Permissions of an instance. */
export function PermissionsPage() {
  return null
}
