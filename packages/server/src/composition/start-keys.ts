/** Keys and certificates at a start: a key that the installation once had is not made again when it is lost. */
import type { Foundation } from './foundation.ts'

/** @throws Fault master_key_does_not_fit, signing_keys_lost, certificate_authority_lost */
export async function startKeys(
  { signingKeys, authority, clusters, stores }: Foundation,
  installation: { readonly isComplete: boolean },
): Promise<void> {
  const mayMake = () => Promise.resolve(!installation.isComplete)
  await signingKeys.start({ mayMake })
  await authority.start({ mayMake })
  // The first installations did not have this authority. An attached cluster that trusts it shows that there was one.
  await clusters.clientCertificates.start({
    mayMake: async () =>
      !(await stores.instances.listAll()).some(
        ({ backend, systemIdentifier }) => backend.kind === 'attached' && systemIdentifier !== undefined,
      ),
  })
}
