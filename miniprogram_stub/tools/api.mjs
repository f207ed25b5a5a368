// Types of our own API, from the OpenAPI document that the backend serves: `npm run api` writes them,
// `npm run api -- --check` fails when they are not what the backend says today.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const OUT = new URL("../miniprogram/services/schema.d.ts", import.meta.url);
const PREFIX = "/api/v1";
const project = new URL("../../", import.meta.url);
const ofProject = new URL("../../.venv/bin/python", import.meta.url);

function backend() {
  const python = process.env.PYTHON ?? (existsSync(ofProject) ? ofProject.pathname : "python3");
  const asked = ["-m", "flask", "--app", "wsgi", "openapi", "print"];
  return JSON.parse(execFileSync(python, asked, { cwd: project, maxBuffer: 1 << 26, env: { ...process.env, DEMO_MODE: "" } }));
}

// What a client needs: requests and the answers of success. All refusals are one shape, Problem.
function slim(document) {
  const paths = {};
  for (const [path, verbs] of Object.entries(document.paths)) {
    if (!path.startsWith(PREFIX)) continue;
    const kept = (paths[path.slice(PREFIX.length)] = {});
    for (const [verb, operation] of Object.entries(verbs)) {
      if (verb === "parameters") {
        kept.parameters = operation;
        continue;
      }
      const { parameters = [], requestBody, responses } = operation;
      kept[verb] = {
        parameters: parameters.filter((one) => one.in !== "header"),
        ...(requestBody && { requestBody }),
        responses: Object.fromEntries(Object.entries(responses).filter(([status]) => status < "3")),
      };
    }
  }
  return { openapi: document.openapi, info: document.info, paths, components: document.components };
}

const types = astToString(await openapiTS(slim(backend()), { defaultNonNullable: false, emptyObjectsUnknown: true }));
const text = `// Made by \`npm run api\` from the backend's OpenAPI document: not written by hand.\n${types.replace(/^ *\/\*\*[^]*?\*\/\n/gm, "")}`;

if (process.argv.includes("--check")) {
  if (!existsSync(OUT) || readFileSync(OUT, "utf8") !== text) {
    console.error("services/schema.d.ts is not what the backend says today: npm run api");
    process.exit(1);
  }
} else {
  writeFileSync(OUT, text);
  console.log(`services/schema.d.ts: ${text.length} bytes`);
}
