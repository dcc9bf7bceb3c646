// Checks custom resources against their schemas: JSON array of objects in, JSON array of [name, complaint or null] out.
// Run where the packages of package.json are installed.
const { existsSync, readFileSync } = require("node:fs");
const { resolve } = require("node:path");
const { pathToFileURL } = require("node:url");

const PACKAGES = {
  "external-secrets.io": "external-secrets",
  "gateway.networking.k8s.io": "gateway-api",
  "keda.sh": "keda",
  "monitoring.coreos.com": "prometheus-operator",
  "traefik.io": "traefik",
};
// The package has no schema for v1 yet; of what we write, v1beta1 says the same.
const NEAREST = { "external-secrets.io/v1": "external-secrets.io/v1beta1" };

async function complaint(object) {
  const apiVersion = NEAREST[object.apiVersion] ?? object.apiVersion;
  const [group] = apiVersion.split("/");
  const file = resolve("node_modules/@kubernetes-models", PACKAGES[group] ?? "none", apiVersion, "index.js");
  if (!existsSync(file)) return `no schema for ${object.apiVersion}`;
  const models = await import(pathToFileURL(file));
  const Model = models[object.kind] ?? models.default?.[object.kind];
  if (!Model) return `no schema for ${object.kind} in ${object.apiVersion}`;
  try {
    new Model({ ...object, apiVersion }).validate();
    return null;
  } catch (error) {
    return String(error.message ?? error);
  }
}

async function main() {
  const objects = JSON.parse(readFileSync(0, "utf8"));
  const said = [];
  for (const object of objects) said.push([`${object.kind}/${object.metadata.name}`, await complaint(object)]);
  console.log(JSON.stringify(said));
}

main();
