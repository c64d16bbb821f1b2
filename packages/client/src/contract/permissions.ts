/** The permissions API: who may use and manage database instances, and who may read directories (wire-contract §4.5). */

/** The permissions on a database instance (`/api/2.0/permissions/database-instances/<name>`). */
export interface InstancePermissions {
  object_id: string
  object_type: 'database-instances'
  access_control_list: {
    user_name?: string
    group_name?: string
    service_principal_name?: string
    display_name: string
    all_permissions: {
      permission_level: 'CAN_USE' | 'CAN_MANAGE'
      inherited: boolean
      inherited_from_object?: string[]
    }[]
  }[]
}

/** One entry of a list of permissions: exactly one of the three names, and what it may. */
export interface InstancePermissionRequest {
  user_name?: string
  group_name?: string
  /** Application id of the service principal. */
  service_principal_name?: string
  permission_level: 'CAN_USE' | 'CAN_MANAGE'
}

/** What a caller sends to set or change the permissions on a database instance. */
export interface InstancePermissionsRequest {
  access_control_list?: InstancePermissionRequest[]
}

/** The permission levels of database instances, the weakest first. */
export interface InstancePermissionLevelsAnswer {
  permission_levels: { permission_level: 'CAN_USE' | 'CAN_MANAGE'; description: string }[]
}

/** The answer of `/api/2.0/permissions/directories/<object_id>`. */
export interface DirectoryPermissions {
  object_id: string
  object_type: 'directory'
  access_control_list: {
    user_name?: string
    group_name?: string
    service_principal_name?: string
    display_name: string
    all_permissions: {
      permission_level: 'CAN_MANAGE'
      inherited: boolean
      inherited_from_object: string[]
    }[]
  }[]
}

/** One entry of the permissions on a directory: exactly one of the three names, and what it may. */
export interface DirectoryPermissionRequest {
  user_name?: string
  group_name?: string
  /** Application id of the service principal. */
  service_principal_name?: string
  permission_level: 'CAN_READ' | 'CAN_RUN' | 'CAN_EDIT' | 'CAN_MANAGE'
}

/** What a caller sends to confirm the permissions on a directory. */
export interface DirectoryPermissionsRequest {
  access_control_list?: DirectoryPermissionRequest[]
}
