/** Database instances, what is in them, and who may use them (`/api/2.0/database/*`, wire-contract §1). */
import type {
  CreateDatabaseCatalogRequest,
  CreateDatabaseInstanceRequest,
  CreateDatabaseInstanceRoleRequest,
  CreateDatabaseTableRequest,
  DatabaseCatalog,
  DatabaseCredential,
  DatabaseInstance,
  DatabaseInstanceRequest,
  DatabaseInstanceRole,
  DatabaseTable,
  GenerateDatabaseCredentialRequest,
  ListDatabaseCatalogsResponse,
  ListDatabaseInstanceRolesResponse,
  ListDatabaseInstancesResponse,
  PrivilegeAssignments,
  UpdateDatabaseCatalogRequest,
  UpdateDatabaseInstanceRoleRequest,
  UpdateGrantsRequest,
} from '../database.ts'
import type {
  InstancePermissionLevelsAnswer,
  InstancePermissions,
  InstancePermissionsRequest,
} from '../permissions.ts'
import type { EmptyAnswer, PageQuery } from './operation.ts'

/** The parameter of paths that lead to one database instance. */
interface OfInstance {
  /** Name of the database instance. */
  name: string
}

/** The parameter of paths that lead to what is in a database instance. */
interface InInstance {
  /** Name of the database instance. */
  instance_name: string
}

/** The parameters of paths that lead to one role of a database instance. */
interface OfRole extends InInstance {
  /** Name of the role, percent-encoded: an e-mail address, the application id of a service principal, the name of a group. */
  name: string
}

/** `database`: database instances, their roles, catalogs and tables, and credentials. */
export interface DatabaseService {
  /**
   * Creates a database instance. The answer comes while it starts; it is ready when its `state` is `AVAILABLE`. With
   * `attached` a cluster that somebody else runs becomes one.
   */
  createDatabaseInstance: {
    method: 'POST'
    path: '/api/2.0/database/instances'
    scope: 'postgres'
    body: CreateDatabaseInstanceRequest
    answer: DatabaseInstance
  }
  /** Lists the database instances that the caller may see. */
  listDatabaseInstances: {
    method: 'GET'
    path: '/api/2.0/database/instances'
    scope: 'postgres'
    query: PageQuery
    answer: ListDatabaseInstancesResponse
    items: 'database_instances'
  }
  /** Finds a database instance by its uid, which stays the same as long as it exists. */
  findDatabaseInstanceByUid: {
    method: 'GET'
    path: '/api/2.0/database/instances:findByUid'
    scope: 'postgres'
    query: {
      /** The uid of the instance. */
      uid: string
    }
    answer: DatabaseInstance
  }
  /** Reads a database instance: its address, its state and its settings. */
  getDatabaseInstance: {
    method: 'GET'
    path: '/api/2.0/database/instances/{name}'
    scope: 'postgres'
    parameters: OfInstance
    answer: DatabaseInstance
  }
  /** Changes the settings of a database instance; stops or starts it. */
  updateDatabaseInstance: {
    method: 'PATCH'
    path: '/api/2.0/database/instances/{name}'
    scope: 'postgres'
    parameters: OfInstance
    query: {
      /**
       * Names of the fields to change, with commas between; `*`, or left out, for all that are sent. A field that is
       * named and not sent gets its default.
       */
      update_mask?: string
    }
    body: DatabaseInstanceRequest
    answer: DatabaseInstance
  }
  /** Deletes a database instance with its data; an attached cluster keeps its data. */
  deleteDatabaseInstance: {
    method: 'DELETE'
    path: '/api/2.0/database/instances/{name}'
    scope: 'postgres'
    parameters: OfInstance
    query: {
      /** Only `true` is possible, which is also meant when it is left out: the data cannot be brought back. */
      purge?: true
      /** Has no meaning here: no instance has others below it. */
      force?: boolean
      /** Lakegate's own addition: removes from an attached cluster what Lakegate created in it. */
      remove_objects?: boolean
    }
    answer: EmptyAnswer
  }
  /** Issues a database credential: a token that is the password of the caller for one hour. */
  generateDatabaseCredential: {
    method: 'POST'
    path: '/api/2.0/database/credentials'
    scope: 'postgres'
    body: GenerateDatabaseCredentialRequest
    answer: DatabaseCredential
  }
  /** Creates a role for an identity in a database instance, so that it can log in; or a role without an identity. */
  createDatabaseInstanceRole: {
    method: 'POST'
    path: '/api/2.0/database/instances/{instance_name}/roles'
    scope: 'postgres'
    parameters: InInstance
    body: CreateDatabaseInstanceRoleRequest
    answer: DatabaseInstanceRole
  }
  /** Lists the roles of a database instance. */
  listDatabaseInstanceRoles: {
    method: 'GET'
    path: '/api/2.0/database/instances/{instance_name}/roles'
    scope: 'postgres'
    parameters: InInstance
    query: PageQuery
    answer: ListDatabaseInstanceRolesResponse
    items: 'database_instance_roles'
  }
  /** Reads a role of a database instance. */
  getDatabaseInstanceRole: {
    method: 'GET'
    path: '/api/2.0/database/instances/{instance_name}/roles/{name}'
    scope: 'postgres'
    parameters: OfRole
    answer: DatabaseInstanceRole
  }
  /** Changes the attributes of a role, and whether it is a member of `databricks_superuser`. */
  updateDatabaseInstanceRole: {
    method: 'PATCH'
    path: '/api/2.0/database/instances/{instance_name}/roles/{name}'
    scope: 'postgres'
    parameters: OfRole
    body: UpdateDatabaseInstanceRoleRequest
    answer: DatabaseInstanceRole
  }
  /** Drops a role of a database instance. */
  deleteDatabaseInstanceRole: {
    method: 'DELETE'
    path: '/api/2.0/database/instances/{instance_name}/roles/{name}'
    scope: 'postgres'
    parameters: OfRole
    query: {
      /** A role that does not exist is no error. */
      allow_missing?: boolean
      /** The role that becomes the owner of what the dropped role owns. */
      reassign_owned_to?: string
    }
    answer: EmptyAnswer
  }
  /** Registers a database under the name of a catalog, so that claims of credentials can name its tables. */
  createDatabaseCatalog: {
    method: 'POST'
    path: '/api/2.0/database/catalogs'
    scope: 'postgres'
    body: CreateDatabaseCatalogRequest
    answer: DatabaseCatalog
  }
  /** Lists the catalogs of a database instance. */
  listDatabaseCatalogs: {
    method: 'GET'
    path: '/api/2.0/database/instances/{instance_name}/catalogs'
    scope: 'postgres'
    parameters: InInstance
    query: PageQuery
    answer: ListDatabaseCatalogsResponse
    items: 'database_catalogs'
  }
  /** Reads a catalog. */
  getDatabaseCatalog: {
    method: 'GET'
    path: '/api/2.0/database/catalogs/{name}'
    scope: 'postgres'
    parameters: {
      /** Name of the catalog. */
      name: string
    }
    answer: DatabaseCatalog
  }
  /** Changes which database a catalog stands for. */
  updateDatabaseCatalog: {
    method: 'PATCH'
    path: '/api/2.0/database/catalogs/{name}'
    scope: 'postgres'
    parameters: {
      /** Name of the catalog. */
      name: string
    }
    body: UpdateDatabaseCatalogRequest
    answer: DatabaseCatalog
  }
  /** Removes a catalog; its database stays. */
  deleteDatabaseCatalog: {
    method: 'DELETE'
    path: '/api/2.0/database/catalogs/{name}'
    scope: 'postgres'
    parameters: {
      /** Name of the catalog. */
      name: string
    }
    answer: EmptyAnswer
  }
  /** Registers one table, so that claims of credentials can name it. */
  createDatabaseTable: {
    method: 'POST'
    path: '/api/2.0/database/tables'
    scope: 'postgres'
    body: CreateDatabaseTableRequest
    answer: DatabaseTable
  }
  /** Reads a registered table. */
  getDatabaseTable: {
    method: 'GET'
    path: '/api/2.0/database/tables/{name}'
    scope: 'postgres'
    parameters: {
      /** Name of the table, as `catalog.schema.table`. */
      name: string
    }
    answer: DatabaseTable
  }
  /** Removes the registration of a table; the table itself stays. */
  deleteDatabaseTable: {
    method: 'DELETE'
    path: '/api/2.0/database/tables/{name}'
    scope: 'postgres'
    parameters: {
      /** Name of the table, as `catalog.schema.table`. */
      name: string
    }
    answer: EmptyAnswer
  }
}

/** The parameter of the permissions of a database instance. */
interface OfObject {
  /** Name of the database instance. */
  request_object_id: string
}

/** `permissions`: who may use and who may manage a database instance. */
export interface PermissionsService {
  /** Reads the permissions on a database instance. */
  get: {
    method: 'GET'
    path: '/api/2.0/permissions/database-instances/{request_object_id}'
    scope: 'all-apis'
    parameters: OfObject
    answer: InstancePermissions
  }
  /** Replaces all permissions on a database instance. */
  set: {
    method: 'PUT'
    path: '/api/2.0/permissions/database-instances/{request_object_id}'
    scope: 'all-apis'
    parameters: OfObject
    body: InstancePermissionsRequest
    answer: InstancePermissions
  }
  /** Adds permissions on a database instance, or changes them; the others stay. */
  update: {
    method: 'PATCH'
    path: '/api/2.0/permissions/database-instances/{request_object_id}'
    scope: 'all-apis'
    parameters: OfObject
    body: InstancePermissionsRequest
    answer: InstancePermissions
  }
  /** Lists the permission levels of database instances. */
  getPermissionLevels: {
    method: 'GET'
    path: '/api/2.0/permissions/database-instances/{request_object_id}/permissionLevels'
    scope: 'all-apis'
    parameters: OfObject
    answer: InstancePermissionLevelsAnswer
  }
}

/** The parameters of the grants on something that can be read through claims. */
interface OfSecurable {
  /** What kind of thing it is. */
  securable_type: 'catalog' | 'schema' | 'table'
  /** Its name: `catalog`, `catalog.schema` or `catalog.schema.table`. */
  full_name: string
}

/** `grants`: who may read catalogs, schemas and tables through the claims of a credential. */
export interface GrantsService {
  /** Lists who may read a catalog, schema or table. */
  get: {
    method: 'GET'
    path: '/api/2.1/unity-catalog/permissions/{securable_type}/{full_name}'
    scope: 'all-apis'
    parameters: OfSecurable
    answer: PrivilegeAssignments
  }
  /** Adds readers of a catalog, schema or table, and removes some. */
  update: {
    method: 'PATCH'
    path: '/api/2.1/unity-catalog/permissions/{securable_type}/{full_name}'
    scope: 'all-apis'
    parameters: OfSecurable
    body: UpdateGrantsRequest
    answer: PrivilegeAssignments
  }
}
