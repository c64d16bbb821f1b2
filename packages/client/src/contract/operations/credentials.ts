/** Tokens, secrets, trust in other identity providers, and OAuth applications (wire-contract §4.5). */
import type {
  CreateCustomAppIntegrationAnswer,
  CreateCustomAppIntegrationRequest,
  CreateFederationPolicyRequest,
  CreateOnBehalfTokenRequest,
  CreateServicePrincipalSecretRequest,
  CreateTokenAnswer,
  CreateTokenRequest,
  CustomAppIntegration,
  FederationPolicyAnswer,
  FederationPolicyRequest,
  ListCustomAppIntegrationsAnswer,
  ListFederationPoliciesAnswer,
  ListTokensAnswer,
  RevokeTokenRequest,
  TokenInfoAnswer,
  TokenIntrospection,
  UpdateCustomAppIntegrationRequest,
} from '../credentials.ts'
import type { ListServicePrincipalSecretsResponse, ServicePrincipalSecret } from '../identities.ts'
import type { EmptyAnswer, OfAccount } from './operation.ts'

/** `tokens`: the caller's own personal access tokens. */
export interface TokensService {
  /** Creates a personal access token of the caller; its value is shown once. */
  create: {
    method: 'POST'
    path: '/api/2.0/token/create'
    scope: 'all-apis'
    body?: CreateTokenRequest
    answer: CreateTokenAnswer
  }
  /** Lists the personal access tokens of the caller. */
  list: {
    method: 'GET'
    path: '/api/2.0/token/list'
    scope: 'all-apis'
    answer: ListTokensAnswer
  }
  /** Revokes a personal access token of the caller. */
  delete: {
    method: 'POST'
    path: '/api/2.0/token/delete'
    scope: 'all-apis'
    body: RevokeTokenRequest
    answer: EmptyAnswer
  }
  /** Tells to which account and workspace the caller's token belongs. */
  introspect: {
    method: 'GET'
    path: '/api/2.0/tokens/introspect'
    scope: 'postgres'
    answer: TokenIntrospection
  }
}

/** The parameter of paths that lead to one personal access token. */
interface OfToken {
  /** Id of the token. */
  token_id: string
}

/** `tokenManagement`: all personal access tokens of the workspace, for its administrators. */
export interface TokenManagementService {
  /** Creates a personal access token for a service principal; its value is shown once. */
  createOboToken: {
    method: 'POST'
    path: '/api/2.0/token-management/on-behalf-of/tokens'
    scope: 'all-apis'
    body: CreateOnBehalfTokenRequest
    answer: CreateTokenAnswer
  }
  /** Lists the personal access tokens of everybody in the workspace. */
  list: {
    method: 'GET'
    path: '/api/2.0/token-management/tokens'
    scope: 'all-apis'
    query: {
      /** Only tokens that the identity with this id has created. */
      created_by_id?: string
      /** Only tokens that the identity with this name has created. */
      created_by_username?: string
    }
    answer: ListTokensAnswer
  }
  /** Reads one personal access token, without its value. */
  get: {
    method: 'GET'
    path: '/api/2.0/token-management/tokens/{token_id}'
    scope: 'all-apis'
    parameters: OfToken
    answer: TokenInfoAnswer
  }
  /** Revokes a personal access token of anybody in the workspace. */
  delete: {
    method: 'DELETE'
    path: '/api/2.0/token-management/tokens/{token_id}'
    scope: 'all-apis'
    parameters: OfToken
    answer: EmptyAnswer
  }
}

/** The parameter of what belongs to one service principal. */
interface OfServicePrincipal {
  /** The SCIM id of the service principal, not its application id. */
  service_principal_id: string
}

/** The parameters of one secret of a service principal. */
interface OfSecret extends OfServicePrincipal {
  /** Id of the secret. */
  secret_id: string
}

/** OAuth secrets of service principals, as the account or a workspace serves them. */
interface Secrets<Path extends string, Place> {
  /** Creates an OAuth secret of a service principal; the secret is shown once. */
  create: {
    method: 'POST'
    path: `${Path}/servicePrincipals/{service_principal_id}/credentials/secrets`
    scope: 'all-apis'
    parameters: Place & OfServicePrincipal
    body?: CreateServicePrincipalSecretRequest
    answer: ServicePrincipalSecret
  }
  /** Lists the OAuth secrets of a service principal, without the secrets themselves. */
  list: {
    method: 'GET'
    path: `${Path}/servicePrincipals/{service_principal_id}/credentials/secrets`
    scope: 'all-apis'
    parameters: Place & OfServicePrincipal
    answer: ListServicePrincipalSecretsResponse
  }
  /** Deletes an OAuth secret of a service principal. */
  delete: {
    method: 'DELETE'
    path: `${Path}/servicePrincipals/{service_principal_id}/credentials/secrets/{secret_id}`
    scope: 'all-apis'
    parameters: Place & OfSecret
    answer: EmptyAnswer
  }
}

/** `servicePrincipalSecrets`: OAuth secrets of the service principals of the account. */
export type ServicePrincipalSecretsService = Secrets<'/api/2.0/accounts/{account_id}', OfAccount>
/** `servicePrincipalSecretsProxy`: OAuth secrets of the service principals of the workspace. */
export type ServicePrincipalSecretsProxyService = Secrets<'/api/2.0/accounts', object>

/** The parameter of one federation policy. */
interface OfPolicy {
  /** Id of the policy. */
  policy_id: string
}

/** Whose tokens of other identity providers are accepted, for the whole account or for one service principal. */
interface FederationPolicies<Path extends string, Place> {
  /** Creates a federation policy: from now on tokens of that issuer can be exchanged. */
  create: {
    method: 'POST'
    path: `${Path}/federationPolicies`
    scope: 'all-apis'
    parameters: Place
    query: {
      /**
       * Id of the new policy; one is chosen when it is left out.
       *
       * @pattern ^[A-Za-z0-9_-]{1,63}$
       */
      policy_id?: string
    }
    body: CreateFederationPolicyRequest
    answer: FederationPolicyAnswer
  }
  /** Lists the federation policies. */
  list: {
    method: 'GET'
    path: `${Path}/federationPolicies`
    scope: 'all-apis'
    parameters: Place
    answer: ListFederationPoliciesAnswer
  }
  /** Reads a federation policy. */
  get: {
    method: 'GET'
    path: `${Path}/federationPolicies/{policy_id}`
    scope: 'all-apis'
    parameters: Place & OfPolicy
    answer: FederationPolicyAnswer
  }
  /** Changes a federation policy: every field that is sent. */
  update: {
    method: 'PATCH'
    path: `${Path}/federationPolicies/{policy_id}`
    scope: 'all-apis'
    parameters: Place & OfPolicy
    query: {
      /**
       * Is ignored: every field that is sent is changed.
       *
       * @maxLength 1024
       */
      update_mask?: string
    }
    body: FederationPolicyRequest
    answer: FederationPolicyAnswer
  }
  /** Deletes a federation policy. */
  delete: {
    method: 'DELETE'
    path: `${Path}/federationPolicies/{policy_id}`
    scope: 'all-apis'
    parameters: Place & OfPolicy
    answer: EmptyAnswer
  }
}

/** `accountFederationPolicy`: whose tokens sign in users of the account. */
export type AccountFederationPolicyService = FederationPolicies<'/api/2.0/accounts/{account_id}', OfAccount>
/** `servicePrincipalFederationPolicy`: whose tokens sign in one service principal, such as those of a CI job. */
export type ServicePrincipalFederationPolicyService = FederationPolicies<
  '/api/2.0/accounts/{account_id}/servicePrincipals/{service_principal_id}',
  OfAccount & OfServicePrincipal
>

/** The parameters of one OAuth application. */
interface OfIntegration extends OfAccount {
  /** Id of the application. */
  integration_id: string
}

/** `customAppIntegration`: OAuth applications with which people sign in. */
export interface CustomAppIntegrationService {
  /** Creates an OAuth application; the secret of a confidential one is shown once. */
  create: {
    method: 'POST'
    path: '/api/2.0/accounts/{account_id}/oauth2/custom-app-integrations'
    scope: 'all-apis'
    parameters: OfAccount
    body: CreateCustomAppIntegrationRequest
    answer: CreateCustomAppIntegrationAnswer
  }
  /** Lists the OAuth applications of the account. */
  list: {
    method: 'GET'
    path: '/api/2.0/accounts/{account_id}/oauth2/custom-app-integrations'
    scope: 'all-apis'
    parameters: OfAccount
    answer: ListCustomAppIntegrationsAnswer
  }
  /** Reads an OAuth application. */
  get: {
    method: 'GET'
    path: '/api/2.0/accounts/{account_id}/oauth2/custom-app-integrations/{integration_id}'
    scope: 'all-apis'
    parameters: OfIntegration
    answer: CustomAppIntegration
  }
  /** Changes an OAuth application: every field that is sent. */
  update: {
    method: 'PATCH'
    path: '/api/2.0/accounts/{account_id}/oauth2/custom-app-integrations/{integration_id}'
    scope: 'all-apis'
    parameters: OfIntegration
    body: UpdateCustomAppIntegrationRequest
    answer: EmptyAnswer
  }
  /** Deletes an OAuth application. */
  delete: {
    method: 'DELETE'
    path: '/api/2.0/accounts/{account_id}/oauth2/custom-app-integrations/{integration_id}'
    scope: 'all-apis'
    parameters: OfIntegration
    answer: EmptyAnswer
  }
}
