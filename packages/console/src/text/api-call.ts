/**
 * The API call behind a form, as a shell command: the API does the work, and everybody may use it without the console.
 */
import { shellWord } from './shell-word.ts'

/**
 * @param path e.g. `/api/2.0/database/instances`
 * @param body must not contain secrets: replace them first
 */
export function apiCall(method: string, path: string, body?: unknown): string {
  const lines = [
    `curl --request ${method} "$LAKEGATE"${shellWord(path)}`,
    `  --header "Authorization: Bearer $TOKEN"`,
    ...(body === undefined
      ? []
      : [
          `  --header "Content-Type: application/json"`,
          `  --data '${JSON.stringify(body, undefined, 2).replaceAll("'", `'\\''`)}'`,
        ]),
  ]
  return lines.join(' \\\n')
}
