/** Federation policies of the account and of service principals (wire-contract §4.5). */
import type { FederationPolicyAnswer } from '@lakegate/client'
import { z } from 'zod'
import type { FederationPolicy } from '../../domain/federation-policy.ts'
import {
  createFederationPolicy,
  deleteFederationPolicy,
  getFederationPolicy,
  listFederationPolicies,
  updateFederationPolicy,
  type FederationPolicyPorts,
  type PolicyContent,
} from '../../operations/credentials/manage-federation-policies.ts'
import { refused, type RefusedError } from '../../operations/refused-error.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

const short = z.string().min(1).max(1024)
const oidcPolicy = z.strictObject({
  issuer: z.url('it must be a URL.').max(1024),
  audiences: z.array(short).max(20).optional(),
  subject: short.optional(),
  subject_claim: short.optional(),
  jwks_uri: z.url('it must be a URL.').max(1024).optional(),
  jwks_json: z.string().max(65_536).optional(),
})
const body = z.strictObject({
  description: z.string().max(1024).optional(),
  oidc_policy: oidcPolicy.partial().optional(),
  // Sent by SDKs that send back what they read from here.
  name: z.string().optional(),
  policy_id: z.string().optional(),
  uid: z.string().optional(),
  service_principal_id: z.unknown().optional(),
  create_time: z.string().optional(),
  update_time: z.string().optional(),
})
type PolicyBody = z.infer<typeof body>

const policyId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,63}$/, 'use up to 63 letters, digits, hyphens and underscores.')
const places = z.looseObject({ servicePrincipalId: z.string().optional() })
const onePolicy = z.looseObject({ servicePrincipalId: z.string().optional(), policyId: z.string() })

export function federationPolicyRoutes(ports: FederationPolicyPorts): readonly Route[] {
  const account = `/api/2.0/accounts/${ports.accountId}`
  return [
    `${account}/federationPolicies`,
    `${account}/servicePrincipals/:servicePrincipalId/federationPolicies`,
  ].flatMap((path) => routesAt(path, ports))
}

function routesAt(path: string, ports: FederationPolicyPorts): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      path,
      scopes: [],
      params: places,
      query: z.looseObject({ policy_id: policyId.optional() }),
      body,
      async handle({ params, query, body: written, caller }) {
        const given = oidcPolicy.safeParse(written.oidc_policy)
        if (!given.success) throw invalid(`oidc_policy.${given.error.issues[0]?.path.join('.') ?? ''}`)
        const created = await createFederationPolicy(ports, caller, {
          servicePrincipalId: params.servicePrincipalId,
          policyId: query.policy_id,
          content: { ...DEFAULTS, ...toContent(written), issuer: given.data.issuer },
        })
        return { body: show(created) }
      },
    }),
    defineRoute({
      method: 'GET',
      path,
      scopes: [],
      params: places,
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => ({
        body: {
          policies: (await listFederationPolicies(ports, caller, params.servicePrincipalId)).map(show),
        },
      }),
    }),
    defineRoute({
      method: 'GET',
      path: `${path}/:policyId`,
      scopes: [],
      params: onePolicy,
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => ({
        body: show(await getFederationPolicy(ports, caller, name(params))),
      }),
    }),
    defineRoute({
      method: 'PATCH',
      path: `${path}/:policyId`,
      scopes: [],
      params: onePolicy,
      // Every field that was sent is changed; SDKs do not send a mask that names fewer fields.
      query: z.looseObject({ update_mask: z.string().max(1024).optional() }),
      body,
      handle: async ({ params, body: written, caller }) => ({
        body: show(
          await updateFederationPolicy(ports, caller, { ...name(params), change: toContent(written) }),
        ),
      }),
    }),
    defineRoute({
      method: 'DELETE',
      path: `${path}/:policyId`,
      scopes: [],
      params: onePolicy,
      query: anyQuery,
      body: noBody,
      async handle({ params, caller }) {
        await deleteFederationPolicy(ports, caller, name(params))
        return { body: {} }
      },
    }),
  ]
}

const name = (params: z.infer<typeof onePolicy>) => ({
  servicePrincipalId: params.servicePrincipalId,
  policyId: params.policyId,
})

const DEFAULTS: Omit<PolicyContent, 'issuer'> = {
  description: '',
  audiences: [],
  subject: undefined,
  subjectClaim: 'sub',
  jwksUri: undefined,
  jwksJson: undefined,
}

function toContent({ description, oidc_policy: policy = {} }: PolicyBody): Partial<PolicyContent> {
  return {
    ...(description === undefined ? {} : { description }),
    ...(policy.issuer === undefined ? {} : { issuer: policy.issuer }),
    ...(policy.audiences === undefined ? {} : { audiences: policy.audiences }),
    ...(policy.subject === undefined ? {} : { subject: policy.subject }),
    ...(policy.subject_claim === undefined ? {} : { subjectClaim: policy.subject_claim }),
    ...(policy.jwks_uri === undefined ? {} : { jwksUri: policy.jwks_uri }),
    ...(policy.jwks_json === undefined ? {} : { jwksJson: parseKeys(policy.jwks_json) }),
  }
}

function parseKeys(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys))
      return { keys: value.keys as unknown[] }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw invalid('oidc_policy.jwks_json')
}

function show(policy: FederationPolicy): FederationPolicyAnswer {
  const place =
    policy.servicePrincipalId === undefined ? '' : `/servicePrincipals/${policy.servicePrincipalId}`
  return {
    name: `accounts/${policy.accountId}${place}/federationPolicies/${policy.policyId}`,
    policy_id: policy.policyId,
    uid: policy.uid,
    description: policy.description,
    ...(policy.servicePrincipalId === undefined
      ? {}
      : { service_principal_id: Number(policy.servicePrincipalId) }),
    create_time: policy.createdAt.toISOString(),
    update_time: policy.updatedAt.toISOString(),
    oidc_policy: {
      issuer: policy.issuer,
      audiences: [...policy.audiences],
      ...(policy.subject === undefined ? {} : { subject: policy.subject }),
      subject_claim: policy.subjectClaim,
      ...(policy.jwksUri === undefined ? {} : { jwks_uri: policy.jwksUri }),
      ...(policy.jwksJson === undefined ? {} : { jwks_json: JSON.stringify(policy.jwksJson) }),
    },
  }
}

const invalid = (field: string): RefusedError =>
  refused('invalid_parameter', { field, problem: 'it is missing or not valid.' })
