// What the provider databricks/databricks of Terraform sends for one of its resources, from its creation to its end, and what comes back,
// as JSON: by the SDK where the provider calls that, and by the SDK's HTTP client for SCIM, with the bodies of the provider
// (github.com/databricks/terraform-provider-databricks: scim/, tokens/, permissions/, internal/providers/pluginfw/products/).
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/databricks/databricks-sdk-go"
	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/client"
	"github.com/databricks/databricks-sdk-go/service/database"
	"github.com/databricks/databricks-sdk-go/service/iam"
	"github.com/databricks/databricks-sdk-go/service/oauth2"
)

type object = map[string]any

// Of the provider, for a resource without any.
var noEntitlements = []object{{}}

type provider struct {
	ctx       context.Context
	workspace *databricks.WorkspaceClient
	http      *client.DatabricksClient
}

func must[Value any](value Value, err error) Value {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func (p *provider) scim(method, path string, body any) (answer object, err error) {
	headers := map[string]string{"Content-Type": "application/scim+json; charset=utf-8"}
	err = p.http.Do(p.ctx, method, "/api/2.0/preview/scim/v2"+path, headers, nil, body, &answer)
	return
}

func (p *provider) isMissing(path string) bool {
	_, err := p.scim(http.MethodGet, path, nil)
	return apierr.IsMissing(err)
}

func schema(of string) []string { return []string{"urn:ietf:params:scim:schemas:core:2.0:" + of} }

func patch(operations ...object) object {
	return object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": operations}
}

// A user, a group and a service principal differ in little but their addresses.
func (p *provider) lifeOf(list, attributes string, body, change object, kept ...string) object {
	created := must(p.scim(http.MethodPost, list, body))
	one := list + "/" + created["id"].(string)
	read := func() object { return must(p.scim(http.MethodGet, one+"?attributes="+attributes, nil)) }
	first := read()
	// An update replaces everything, with what the provider does not know as it was read.
	update := object{}
	for _, field := range kept {
		update[field] = must(p.scim(http.MethodGet, one+"?attributes="+field, nil))[field]
	}
	for _, fields := range []object{body, change} {
		for field, value := range fields {
			update[field] = value
		}
	}
	must(p.scim(http.MethodPut, one, update))
	second := read()
	must(p.scim(http.MethodDelete, one, nil))
	return object{"created": created, "read": first, "updated": second, "isMissing": p.isMissing(one)}
}

func (p *provider) user(name string) object {
	body := object{"userName": name, "active": true, "entitlements": noEntitlements, "schemas": schema("User")}
	return p.lifeOf("/Users", "userName,displayName,active,externalId,entitlements", body, object{"displayName": "Ada"}, "groups", "roles")
}

func (p *provider) group(name string) object {
	body := object{"displayName": name, "entitlements": noEntitlements, "schemas": schema("Group")}
	return p.lifeOf("/Groups", "displayName,externalId,entitlements", body, object{"displayName": name + " 2"}, "groups", "roles", "members")
}

func (p *provider) servicePrincipal(name string) object {
	body := object{"displayName": name, "active": true, "entitlements": noEntitlements, "schemas": schema("ServicePrincipal")}
	attributes := "userName,displayName,active,externalId,entitlements,applicationId"
	return p.lifeOf("/ServicePrincipals", attributes, body, object{"active": false}, "groups", "roles")
}

// disable_as_user_deletion
func (p *provider) disabledUser(name string) object {
	body := object{"userName": name, "active": true, "entitlements": noEntitlements, "schemas": schema("User")}
	one := "/Users/" + must(p.scim(http.MethodPost, "/Users", body))["id"].(string)
	must(p.scim(http.MethodPatch, one, patch(object{"op": "replace", "path": "active", "value": []object{{"value": "false"}}})))
	read := must(p.scim(http.MethodGet, one+"?attributes=active", nil))
	must(p.scim(http.MethodDelete, one, nil))
	return object{"read": read}
}

func (p *provider) groupMember(name string) object {
	member := must(p.scim(http.MethodPost, "/Users", object{"userName": name + "@example.com", "active": true, "schemas": schema("User")}))["id"].(string)
	group := must(p.scim(http.MethodPost, "/Groups", object{"displayName": name, "schemas": schema("Group")}))["id"].(string)
	members := func() any {
		return must(p.scim(http.MethodGet, "/Groups/"+group+"?attributes=members", nil))["members"]
	}
	add := patch(object{"op": "add", "path": "members", "value": []object{{"value": member}}})
	must(p.scim(http.MethodPatch, "/Groups/"+group, add))
	first := members()
	must(p.scim(http.MethodPatch, "/Groups/"+group, add))
	again := members()
	renamed := object{"displayName": name + " 2", "members": again, "schemas": schema("Group")}
	must(p.scim(http.MethodPut, "/Groups/"+group, renamed))
	afterRename := members()
	remove := patch(object{"op": "remove", "path": fmt.Sprintf(`members[value eq "%s"]`, member)})
	must(p.scim(http.MethodPatch, "/Groups/"+group, remove))
	last := members()
	must(p.scim(http.MethodDelete, "/Groups/"+group, nil))
	must(p.scim(http.MethodDelete, "/Users/"+member, nil))
	return object{"member": member, "read": first, "readAgain": again, "readAfterRename": afterRename, "readAfterwards": last}
}

func (p *provider) secret(name string) object {
	body := object{"displayName": name, "active": true, "schemas": schema("ServicePrincipal")}
	principal := must(p.scim(http.MethodPost, "/ServicePrincipals", body))["id"].(string)
	secrets := p.workspace.ServicePrincipalSecretsProxy
	list := func() []oauth2.SecretInfo {
		return must(secrets.ListAll(p.ctx, oauth2.ListServicePrincipalSecretsRequest{ServicePrincipalId: principal}))
	}
	created := must(secrets.Create(p.ctx, oauth2.CreateServicePrincipalSecretRequest{ServicePrincipalId: principal, Lifetime: "86400s"}))
	listed := list()
	check(secrets.Delete(p.ctx, oauth2.DeleteServicePrincipalSecretRequest{ServicePrincipalId: principal, SecretId: created.Id}))
	afterwards := list()
	must(p.scim(http.MethodDelete, "/ServicePrincipals/"+principal, nil))
	return object{"created": created, "listed": listed, "leftAfterwards": len(afterwards)}
}

func (p *provider) instance(name string) object {
	wanted := database.DatabaseInstance{Name: name, Capacity: "CU_1"}
	waiting := must(p.workspace.Database.CreateDatabaseInstance(p.ctx, database.CreateDatabaseInstanceRequest{DatabaseInstance: wanted}))
	created := must(waiting.Get())
	get := func() *database.DatabaseInstance {
		return must(p.workspace.Database.GetDatabaseInstanceByName(p.ctx, name))
	}
	read := get()
	wanted.Capacity, wanted.RetentionWindowInDays = "CU_2", 14
	updated := must(p.workspace.Database.UpdateDatabaseInstance(p.ctx, database.UpdateDatabaseInstanceRequest{
		DatabaseInstance: wanted, Name: name,
		UpdateMask: "capacity,custom_tags,enable_pg_native_login,enable_readable_secondaries,node_count,retention_window_in_days,stopped,usage_policy_id",
	}))
	again := get()
	check(p.workspace.Database.DeleteDatabaseInstance(p.ctx, database.DeleteDatabaseInstanceRequest{Name: name, Purge: true}))
	return object{"created": created, "read": read, "updated": updated, "readAgain": again, "isMissing": p.waitUntilMissing(name)}
}

// An instance is being deleted for a while.
func (p *provider) waitUntilMissing(name string) bool {
	for range 60 {
		if _, err := p.workspace.Database.GetDatabaseInstanceByName(p.ctx, name); apierr.IsMissing(err) {
			return true
		}
		time.Sleep(time.Second)
	}
	return false
}

func (p *provider) permissions(name string) object {
	instance := database.DatabaseInstance{Name: name, Capacity: "CU_1"}
	must(must(p.workspace.Database.CreateDatabaseInstance(p.ctx, database.CreateDatabaseInstanceRequest{DatabaseInstance: instance})).Get())
	group := must(p.scim(http.MethodPost, "/Groups", object{"displayName": name, "schemas": schema("Group")}))["id"].(string)
	me := must(p.workspace.CurrentUser.Me(p.ctx)).UserName
	set := func(levels ...iam.PermissionLevel) {
		wanted := iam.SetObjectPermissions{RequestObjectType: "database-instances", RequestObjectId: name}
		for _, level := range levels {
			wanted.AccessControlList = append(wanted.AccessControlList, iam.AccessControlRequest{GroupName: name, PermissionLevel: level})
		}
		must(p.workspace.Permissions.Set(p.ctx, wanted))
	}
	read := func() *iam.ObjectPermissions {
		return must(p.workspace.Permissions.Get(p.ctx, iam.GetPermissionRequest{RequestObjectType: "database-instances", RequestObjectId: name}))
	}
	set(iam.PermissionLevelCanUse)
	first := read()
	set(iam.PermissionLevelCanManage)
	second := read()
	set()
	third := read()
	check(p.workspace.Database.DeleteDatabaseInstance(p.ctx, database.DeleteDatabaseInstanceRequest{Name: name, Purge: true}))
	must(p.scim(http.MethodDelete, "/Groups/"+group, nil))
	return object{"me": me, "read": first, "updated": second, "readAfterwards": third}
}

func main() {
	workspace := must(databricks.NewWorkspaceClient())
	p := &provider{ctx: context.Background(), workspace: workspace, http: must(client.New(workspace.Config))}
	lives := map[string]func(string) object{
		"user": p.user, "disabled_user": p.disabledUser, "group": p.group, "group_member": p.groupMember,
		"service_principal": p.servicePrincipal, "service_principal_secret": p.secret,
		"database_instance": p.instance, "permissions": p.permissions,
	}
	if len(os.Args) != 3 || lives[os.Args[1]] == nil {
		log.Fatal("usage: terraform <resource> <name>; it said ", strings.Join(os.Args[1:], " "))
	}
	fmt.Println(string(must(json.Marshal(lives[os.Args[1]](os.Args[2])))))
}
