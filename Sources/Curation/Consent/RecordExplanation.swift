/// `Explanation`, for a room that has one of its own: the module cannot be named before the dot, since it holds a type of its name.
package typealias RecordExplanation = Explanation
