export function LoginCheckPage() {
  return null
}
