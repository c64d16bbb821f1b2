/** Rotation of the signing keys: an addition to the real service's API. */
import type { SigningKeyRotationAnswer } from '@lakegate/client'
import { z } from 'zod'
import type { AccountId } from '../../domain/ids.ts'
import {
  rotateSigningKeys,
  type RotateSigningKeysPorts,
} from '../../operations/credentials/rotate-signing-keys.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, nothing } from '../shapes.ts'

export const signingKeyRoutes = (
  ports: RotateSigningKeysPorts & { readonly accountId: AccountId },
): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: `/api/2.0/accounts/${ports.accountId}/lakegate/signing-keys`,
    scopes: [],
    params: nothing,
    query: anyQuery,
    body: z.strictObject({}).optional(),
    async handle({ caller }) {
      const { kid, signsFrom, formerVerifyUntil } = await rotateSigningKeys(ports, caller)
      const body: SigningKeyRotationAnswer = {
        kid,
        signs_from: signsFrom.toISOString(),
        former_keys_verify_until: formerVerifyUntil.toISOString(),
      }
      return { body }
    },
  }),
]
