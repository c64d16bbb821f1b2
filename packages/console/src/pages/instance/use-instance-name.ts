/** The instance that the page shows, from its path. */
import { useParams } from '@tanstack/react-router'

export function useInstanceName(): string {
  const parameters: { readonly name?: string } = useParams({ strict: false })
  return parameters.name ?? ''
}
