// Package evaluate judges a model by what it said of labelled requests.
//
// The tour: an [Evaluation] takes one [Sample] after the other and makes a
// [Report] of them: the rates of false and true alarms with their confidence
// intervals, overall and by data set, how well attacks found are named, and
// the threshold that would hold a wanted rate of false alarms. It keeps eight
// bytes a sample, the score, and nothing else, so that the area under the
// curve and the threshold are exact. [Calibration] judges the scores as
// probabilities, [Curves] are the trade of false alarms against detection over
// all thresholds; both at a stated share of attacks. [ClopperPearson] is the
// interval. The subpackage webpage makes a web page of a report.
package evaluate
