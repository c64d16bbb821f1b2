import { parseIdentityId, type IdentityId } from './ids.ts'
import { parseIdentityType, type IdentityType } from './identity.ts'

/**
 * The security label of provider `databricks_auth` that names, by immutable numeric id, the identity that
 * may log in as a role: `id=<numeric id>,type=<USER|SERVICE_PRINCIPAL|GROUP>` (behaviours 37–41).
 */
export interface IdentityBinding {
  readonly id: IdentityId
  readonly type: IdentityType
}

/** Length of the longest well-formed label: `id=` + 19 digits + `,type=SERVICE_PRINCIPAL`. */
const LONGEST_LABEL = 3 + 19 + 6 + 'SERVICE_PRINCIPAL'.length

const LABEL = /^id=([0-9]+),type=([A-Za-z_]+)$/

/** Undefined when malformed: the role then counts as having no label (fail closed). */
export function parseIdentityBinding(label: string): IdentityBinding | undefined {
  if (label.length > LONGEST_LABEL) return undefined
  const match = LABEL.exec(label)
  if (match?.[1] === undefined || match[2] === undefined) return undefined
  const id = parseIdentityId(match[1])
  const type = parseIdentityType(match[2])
  return id === undefined || type === undefined ? undefined : { id, type }
}

export function formatIdentityBinding(binding: IdentityBinding): string {
  return `id=${binding.id},type=${binding.type}`
}
