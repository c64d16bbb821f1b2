/**
 * Checks logins without performing them: as which roles the caller could log in, and what error a login would get.
 * Additions to the real API.
 */
import type { LoginCheckAnswer, PathStep, RefusalAnswer, SignInRolesAnswer } from '@lakegate/client'
import { z } from 'zod'
import { checkLogin, type CheckLoginPorts, type LoginCheck } from '../../operations/login/check-login.ts'
import { listSignInRoles, type SignInRolePorts } from '../../operations/login/list-sign-in-roles.ts'
import type { Admitted } from '../../policy/login.ts'
import { toPostgresRefusal, type Refusal } from '../../policy/refusals.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

const OF_INSTANCE = '/api/2.0/lakegate/instances/:instance'
const SCOPES = ['postgres']

const ofInstance = z.object({ instance: z.string() })
/** A name as a startup message may contain it, within the longest length of any name. */
const name = z
  .string('is missing.')
  .min(1, 'is empty.')
  .max(256)
  .refine((text) => !text.includes('\u0000'), 'holds a zero character.')

export function loginCheckRoutes(ports: CheckLoginPorts & SignInRolePorts): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: `${OF_INSTANCE}/sign-in-roles`,
      scopes: SCOPES,
      params: ofInstance,
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        const { roles, hasMore } = await listSignInRoles(ports, caller, params)
        const body: SignInRolesAnswer = {
          roles: roles.map((admitted) => ({
            role: admitted.role.name,
            kind: admitted.viaGroup === undefined ? 'own' : 'group',
            path: pathOf(admitted),
          })),
          ...(hasMore ? { has_more: true } : {}),
        }
        return { body }
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${OF_INSTANCE}/login-check`,
      scopes: SCOPES,
      params: ofInstance,
      query: anyQuery,
      body: z.strictObject({ identity: name.optional(), role: name, database: name.optional() }),
      async handle({ params: { instance }, body: { identity, role, database }, caller }) {
        const check = await checkLogin(ports, caller, { instance, identity, role, database })
        return { body: show(check, identity ?? caller.identity.name) }
      },
    }),
  ]
}

function show({ verdict, identity, role, steps }: LoginCheck, asked: string): LoginCheckAnswer {
  return {
    outcome: verdict.outcome,
    identity:
      identity === undefined || identity.type === 'GROUP'
        ? { name: asked }
        : { id: identity.id, name: identity.name, type: identity.type },
    role,
    path: verdict.outcome === 'admitted' ? pathOf(verdict) : [],
    steps: steps.map((step) => ({ ...step })),
    ...(verdict.outcome === 'refused' ? { refusal: showRefusal(verdict) } : {}),
  }
}

/** From the group of the role down to the identity; all of them are in the workspace, because the group is. */
function pathOf({ viaGroup, identity }: Pick<Admitted, 'viaGroup' | 'identity'>): PathStep[] {
  if (viaGroup === undefined) return [{ id: identity.id, name: identity.name }]
  const { membershipPath = [], membershipNames = [] } = viaGroup
  return membershipPath.map((id, index) => ({ id, name: membershipNames[index] ?? id }))
}

function showRefusal(refusal: Refusal): RefusalAnswer {
  const told = toPostgresRefusal(refusal)
  if (told === undefined) throw new Error(`a login is refused with ${refusal.name}, which no client can read`)
  return { name: refusal.name, ...told }
}
