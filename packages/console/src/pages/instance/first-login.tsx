/** Three steps to your first login. */
import type { DatabaseInstance } from '@lakegate/client'
export function FirstLogin(_props: { readonly instances: readonly DatabaseInstance[] }) {
  return null
}
