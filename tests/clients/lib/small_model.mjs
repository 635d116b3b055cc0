// A small model behind OpenAI's protocol for chats, on 127.0.0.1: node small_model.mjs MODEL.gguf prints its port, and serves until its input ends. It has the messages of a
// conversation, max_tokens, temperature, seeds, stop words, answers of a JSON schema, usage and errors; no streams, and one answer at a time.
import {createServer} from "node:http";
import {getLlama, LlamaChat} from "node-llama-cpp";

const NAME = "smollm2-135m-instruct";
const WINDOW = 2048;

const llama = await getLlama({gpu: false, build: "never", skipDownload: true, maxThreads: 1, logLevel: "error"});
const model = await llama.loadModel({modelPath: process.argv[2]});
const context = await model.createContext({contextSize: WINDOW, threads: 1});

class Refused extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

function history(messages) {
    if (!Array.isArray(messages) || messages.length === 0) throw new Refused(400, "messages must be an array with a message at least");
    return messages.map(({role, content}) => {
        if (typeof content !== "string") throw new Refused(400, "content must be a text");
        if (role === "system") return {type: "system", text: content};
        if (role === "user") return {type: "user", text: content};
        if (role === "assistant") return {type: "model", response: [content]};
        throw new Refused(400, `unknown role ${role}`);
    });
}

async function answer(asked) {
    if (asked.model !== NAME) throw new Refused(404, `the model ${asked.model} does not exist`);
    const said = history(asked.messages);
    const format = asked.response_format;
    if (format !== undefined && format.type !== "json_schema") throw new Refused(400, "response_format must be json_schema");
    const grammar = format && await llama.createGrammarForJsonSchema(format.json_schema.schema);
    const length = said.reduce((sum, item) => sum + model.tokenize(item.text ?? item.response[0]).length + 8, 8);
    const room = WINDOW - length;
    if (room < 1) throw new Refused(400, `this model's maximum context length is ${WINDOW} tokens, and the messages have ${length}`);
    const sequence = context.getSequence();
    const chat = new LlamaChat({contextSequence: sequence});
    try {
        const result = await chat.generateResponse([...said, {type: "model", response: []}], {
            grammar, temperature: asked.temperature ?? 0, seed: asked.seed, maxTokens: Math.min(asked.max_tokens ?? room, room),
            customStopTriggers: typeof asked.stop === "string" ? [asked.stop] : asked.stop
        });
        const used = sequence.tokenMeter.getState();
        return {
            id: "chatcmpl-1", object: "chat.completion", created: Math.floor(Date.now() / 1000), model: NAME,
            choices: [{
                index: 0, message: {role: "assistant", content: result.response, refusal: null},
                finish_reason: result.metadata.stopReason === "maxTokens" ? "length" : "stop"
            }],
            usage: {prompt_tokens: used.usedInputTokens, completion_tokens: used.usedOutputTokens, total_tokens: used.usedInputTokens + used.usedOutputTokens}
        };
    } finally {
        chat.dispose({disposeSequence: true});
    }
}

// One answer at a time: the next begins when the last has ended, however it ended.
let turn = Promise.resolve();

const server = createServer((request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
        const reply = (status, body) => {
            response.writeHead(status, {"Content-Type": "application/json"});
            response.end(JSON.stringify(body));
        };
        turn = turn.then(async () => {
            try {
                if (request.method !== "POST" || !request.url.endsWith("/chat/completions")) throw new Refused(404, "there is nothing here");
                reply(200, await answer(JSON.parse(Buffer.concat(pieces).toString())));
            } catch (error) {
                const status = error.status ?? (error instanceof SyntaxError ? 400 : 500);
                reply(status, {error: {message: error.message, type: status < 500 ? "invalid_request_error" : "server_error"}});
            }
        });
    });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
// Who started it holds the other end of its input: when that one is gone, so is this.
process.stdin.on("end", () => process.exit(0)).resume();
