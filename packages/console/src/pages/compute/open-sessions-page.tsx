/** Open sessions of all instances that this person manages (design 5.1). */
export function OpenSessionsPage() {
  return null
}
