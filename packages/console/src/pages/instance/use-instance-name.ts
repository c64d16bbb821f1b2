/** Which instance the page is about: the variable part of its path. */
import { useParams } from '@tanstack/react-router'

export function useInstanceName(): string {
  const parameters: { readonly name?: string } = useParams({ strict: false })
  return parameters.name ?? ''
}
