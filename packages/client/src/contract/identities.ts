/** REST types of the SCIM and secret surfaces (wire-contract §4.4, §4.5). */

export interface ScimReference {
  value: string
  display?: string
  $ref?: string
}

/** `GET /api/2.0/preview/scim/v2/Me`; `userName` is the name of the Postgres role of the caller. */
export interface ScimMe {
  schemas: string[]
  id: string
  userName: string
  displayName: string
  active: boolean
  emails?: { value: string; type: string; primary: boolean }[]
  groups: ScimReference[]
}

export interface ScimServicePrincipal {
  schemas: string[]
  id: string
  applicationId: string
  displayName: string
  active: boolean
  externalId?: string
  groups: ScimReference[]
}

export interface ScimListResponse<Resource> {
  schemas: string[]
  totalResults: number
  startIndex: number
  itemsPerPage: number
  Resources: Resource[]
}

/** `secret` is present in the answer to its creation and never again. */
export interface ServicePrincipalSecret {
  id: string
  secret?: string
  secret_hash: string
  status: 'ACTIVE' | 'EXPIRED'
  create_time: string
  update_time: string
  expire_time: string
}

export interface ListServicePrincipalSecretsResponse {
  secrets: ServicePrincipalSecret[]
  next_page_token?: string
}
