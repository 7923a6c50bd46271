// The numbers of docs/numerics.md, section 15: that the kernels have them on every path, and that they are the page's and not the kernels' own.
import CKernels
import Engine
import Foundation
import Testing

extension Kernels {
  @Suite("Known answers")
  struct KnownAnswerTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL

    @Test("every operator gives its known answer on every vector path, with one and three threads")
    func paths() throws {
      #expect(try KnownAnswers.differences() == [])
    }

    @Test("a hostile environment changes no answer, and is the caller's again", arguments: VectorPath.available)
    func hostile(path: VectorPath) throws {
      try path.whileForced {
        let before = ck_test_environment_make_hostile()
        let pool = ck_pool_create(2)
        let answers = (0..<ck_known_answer_count()).map { ck_known_answer_compute(pool, $0) }
        ck_pool_destroy(pool)
        let after = ck_environment_enter()
        ck_environment_leave(before)
        #expect(answers == KnownAnswers.expected.map(\.answer))
        let control: UInt64 = ~0x3F  // without the sticky flags
        #expect(after.saved & control != before.saved & control)
      }
    }

    @Test("the known answers are the oracle's", arguments: OracleProgram.Compiler.allCases)
    func oracle(compiler: OracleProgram.Compiler) throws {
      guard let path = compiler.path else { try Test.cancel("no \(compiler.rawValue) on PATH") }
      let oracle = try OracleProgram(path).knownAnswers()
      #expect(oracle.map(\.name) == KnownAnswers.expected.map(\.name))
      for (theirs, ours) in zip(oracle, KnownAnswers.expected) { #expect(theirs.answer == ours.answer, "\(ours.name)") }
    }

    @Test("docs/numerics.md lists the known answers")
    func page() throws {
      let page = try String(contentsOf: Self.root.appending(path: "docs/numerics.md"), encoding: .utf8)
      for (name, answer) in KnownAnswers.expected {
        let digits = String(answer, radix: 16)
        let padded = String(repeating: "0", count: 16 - digits.count) + digits
        #expect(page.contains("\(name) `\(padded)`"), "\(name) `\(padded)`")
      }
    }

    /// Odd values that no training meets, or meets too seldom.
    private static let misreadings: [(operators: [String], misreading: OracleProgram.Misreading)] = [
      (["tanh"], .init("no sign on tanh of −0", in: "functions.c", "copysignf(fmaf(az, horner32(z, sizeof c / sizeof *c, c), a), x)", "fmaf(x * z, horner32(z, sizeof c / sizeof *c, c), x)")),
      (["log"], .init("the logarithm of a denormal", in: "functions.c", "x * 0x1p+23f", "x * 0x1p+22f")),
      (["attention", "argmax"], .init("a largest that is never negative", in: "functions.c", "for (size_t l = 0; l < LANES; l++) lane[l] = -INFINITY;", "for (size_t l = 0; l < LANES; l++) lane[l] = 0;")),
      (["gemm", "gemm-packed"], .init("a chain from the stored value's end", in: "operators.c", "dx[t * inputs + p] = fmaf(dy[t * outputs + j], w[j * inputs + p], dx[t * inputs + p])", "dx[t * inputs + p] = dy[t * outputs + j] * w[j * inputs + p] + dx[t * inputs + p]")),
      (["loss-sums"], .init("ties away from zero", in: "operators.c", "(part == 0.5 && fmod(whole, 2) != 0)", "part == 0.5")),
      (["widen", "gemm-packed", "embedding"], .init("no denormals of float16", in: "functions.c", "ldexpf((float)fraction, -24)", "0")),
      (["silu"], .init("an activation in another order", in: "operators.c", "const float scaled = dy[i] * up[i];\n    dup[i] = dy[i] * activated;\n    dgate[i] = scaled * slope;", "const float scaled = up[i] * slope;\n    dup[i] = dy[i] * activated;\n    dgate[i] = dy[i] * scaled;")),
    ]

    @Test("a misreading changes the answers of the operators that it concerns", arguments: misreadings)
    func sensitivity(operators: [String], misreading: OracleProgram.Misreading) throws {
      guard let compiler = OracleProgram.Compiler.first?.path else { try Test.cancel("no C compiler on PATH") }
      let answers = try OracleProgram(compiler, misreading: misreading).knownAnswers()
      let changed = zip(answers, KnownAnswers.expected).filter { $0.answer != $1.answer }.map(\.0.name)
      for name in operators { #expect(changed.contains(name), "\(name)") }
    }

    @Test("no operator of the header is without a known answer")
    func coverage() throws {
      let kernels = Self.root.appending(path: "Sources/CKernels")
      let cases = try String(contentsOf: kernels.appending(path: "known_answers.c"), encoding: .utf8)
      let headers = try ["ckernels.h", "engine_choices.h"].map { try String(contentsOf: kernels.appending(path: "include/\($0)"), encoding: .utf8) }
      let declared = headers.joined().matches(of: /(?m)^[a-z_0-9 ]+ \*?((?:ck|engine)_[a-z0-9_]+)\(/).map { String($0.1) }
      // Philox itself is under all random words; the others compute nothing.
      let others = ["ck_pool_", "ck_path_", "ck_environment_", "ck_test_", "ck_philox"]
      let operators = Set(declared).filter { name in !others.contains { name.hasPrefix($0) } }
      #expect(operators.count > 50)
      for name in operators.sorted() { #expect(try cases.contains(Regex("\\b\(name)\\b")), "\(name)") }
    }

    /// What the compiler made of them, in the build that these tests are linked with.
    @Test("the compiled kernels call no mathematics of the C library and estimate nothing")
    func objects() throws {
      let built = URL(filePath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
      let folder = try #require(
        [built, built.appending(path: ".build/release")].map { $0.appending(path: "CKernels.build") }.first { FileManager.default.fileExists(atPath: $0.path) },
        "no CKernels.build beside \(built.path)")
      let objects = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".o") }.sorted()
      try #require(objects.count >= 15)
      let output = Pipe()
      let process = Process()
      process.executableURL = Self.root.appending(path: "tools/kernel-objects")
      process.arguments = objects.map { folder.appending(path: $0).path }
      process.standardOutput = output
      process.standardError = output
      try process.run()
      let text = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(String(decoding: text, as: UTF8.self))")
    }
  }
}
