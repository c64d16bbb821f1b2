/** behaviour 5: owner, workspace admin, and any identity with a Postgres role; nobody else. */
import { expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { createRoleFor, createServicePrincipal, mintCredential } from '../stage/service-principal.ts'

const lakegate = sharedLakegate()

it('refuses a stranger, and mints for it as soon as it has a Postgres role', async () => {
  const principal = await createServicePrincipal(lakegate, 'stranger')
  await expect(mintCredential(principal.http, lakegate.ready.instance.name)).rejects.toMatchObject({
    status: 403,
    errorCode: 'PERMISSION_DENIED',
  })
  await createRoleFor(lakegate, principal)
  await expect(mintCredential(principal.http, lakegate.ready.instance.name)).resolves.toMatch(/^ey/)
})
