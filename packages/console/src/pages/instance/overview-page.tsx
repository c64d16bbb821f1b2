/** Overview of an instance. */
export function OverviewPage() {
  return null
}
