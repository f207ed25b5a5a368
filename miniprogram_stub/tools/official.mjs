// WeChat's own DevTools build, offline and on demand: 276 MB of packages, so it is no dependency of the project.
// `npm run official` installs miniprogram-ci into node_modules/.official once and builds the project with it.
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "2.1.42";
const HERE = fileURLToPath(new URL("..", import.meta.url));
const HOME = join(HERE, "node_modules/.official");

if (!existsSync(join(HOME, "node_modules/miniprogram-ci"))) {
  mkdirSync(HOME, { recursive: true });
  writeFileSync(join(HOME, "package.json"), "{}");
  console.log("installing miniprogram-ci (some minutes, once) ...");
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", `miniprogram-ci@${VERSION}`], { cwd: HOME, stdio: "inherit" });
}
const ci = createRequire(join(HOME, "package.json"))("miniprogram-ci");

const scratch = mkdtempSync(join(tmpdir(), "official-"));
process.chdir(scratch); // it leaves folders where it is run
const key = join(scratch, "private.key"); // asked for and never used: nothing is uploaded
writeFileSync(key, generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" }));
const { appid } = JSON.parse(readFileSync(join(HERE, "project.config.json"), "utf8"));
const project = new ci.Project({ appid, type: "miniProgram", projectPath: HERE, privateKeyPath: key, ignores: ["node_modules/**/*", "dist/**/*"] });
project.attr = async () => ci.DefaultProjectAttr; // else it asks WeChat, over the network

const zip = join(scratch, "built.zip");
await ci.getCompiledResult({ project, version: "0", desc: "check", setting: { useProjectConfig: true } }, zip);
console.log(`built: ${(statSync(zip).size / 1024).toFixed(0)} KB zipped`);
process.exit(0);
