/**
 * One parameter of the page's address. Pages that exist at several paths (workspace and account) cannot name a single
 * route.
 */
import { useParams, useSearch } from '@tanstack/react-router'

/** @returns the parameter of the path, decoded; empty where the path has none of that name */
export function useParam(name: string): string {
  const params: Readonly<Record<string, unknown>> = useParams({ strict: false })
  const value = params[name]
  return typeof value === 'string' ? value : ''
}

/** @returns the value in the query of the address; empty when it is absent */
export function useSearchText(name: string): string {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false })
  const value = search[name]
  return typeof value === 'string' ? value : ''
}
