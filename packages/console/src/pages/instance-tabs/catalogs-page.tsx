export function CatalogsPage() {
  return null
}
